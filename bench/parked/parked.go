// SPDX-License-Identifier: MIT

// The memory of goroutines that have started and wait on a channel. Their stacks have no
// guards and need none: they are checked at every call and moved when they grow.
package main

import (
	"runtime"
	"sync"
)

var never = make(chan struct{})

//go:noinline
func park() { <-never }

func main() {
	runtime.GOMAXPROCS(1)
	tasks := arg("tasks")
	before := memory()
	var started sync.WaitGroup
	started.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			started.Done()
			park()
		}()
	}
	started.Wait()
	result("memory", float64(memory()-before)/float64(tasks), "bytes")
	result("mappings", float64(mappings()), "mappings")
}
