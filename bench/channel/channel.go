// SPDX-License-Identifier: MIT

// One goroutine sends numbers through a channel to another, on one processor or two.
package main

import (
	"runtime"
	"time"
)

func main() {
	runtime.GOMAXPROCS(arg("processors"))
	messages := arg("messages")
	ch := make(chan int, arg("capacity1")-1)
	go func() {
		for i := 0; i < messages+messages/10; i++ {
			ch <- i
		}
	}()
	for i := 0; i < messages/10; i++ {
		<-ch
	}
	started := time.Now()
	for i := 0; i < messages; i++ {
		<-ch
	}
	took := time.Since(started)
	result("message", float64(took.Nanoseconds())/float64(messages), "ns")
}
