// SPDX-License-Identifier: MIT

// One goroutine receives from whichever of several unbuffered channels it can, another sends to one
// after the other. Two and ten channels with a select statement; more than can be written down with
// reflect.Select.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"
)

func selectTwo(ch []chan int) int {
	select {
	case n := <-ch[0]:
		return n
	case n := <-ch[1]:
		return n
	}
}

func selectTen(ch []chan int) int {
	select {
	case n := <-ch[0]:
		return n
	case n := <-ch[1]:
		return n
	case n := <-ch[2]:
		return n
	case n := <-ch[3]:
		return n
	case n := <-ch[4]:
		return n
	case n := <-ch[5]:
		return n
	case n := <-ch[6]:
		return n
	case n := <-ch[7]:
		return n
	case n := <-ch[8]:
		return n
	case n := <-ch[9]:
		return n
	}
}

var cases []reflect.SelectCase

func selectMany(ch []chan int) int {
	_, n, _ := reflect.Select(cases)
	return int(n.Int())
}

func main() {
	runtime.GOMAXPROCS(1)
	messages := arg("messages")
	ch := make([]chan int, arg("channels"))
	for i := range ch {
		ch[i] = make(chan int)
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch[i])})
	}
	next := selectMany
	if len(ch) == 2 {
		next = selectTwo
	} else if len(ch) == 10 {
		next = selectTen
	}
	go func() {
		for i := 0; i < messages+messages/10; i++ {
			ch[i%len(ch)] <- i
		}
	}()
	receive := func(first, end int) {
		for i := first; i < end; i++ {
			if next(ch) != i {
				fmt.Fprintln(os.Stderr, "failed: order")
				os.Exit(1)
			}
		}
	}
	receive(0, messages/10)
	started := time.Now()
	receive(messages/10, messages/10+messages)
	took := time.Since(started)
	result("select", float64(took.Nanoseconds())/float64(messages), "ns")
}
