// SPDX-License-Identifier: MIT

// Starts empty goroutines on one processor and waits for them with a WaitGroup; see batch.h.
package main

import (
	"runtime"
	"sync"
	"time"
)

func batch(atOnce int) {
	var all sync.WaitGroup
	all.Add(atOnce)
	for i := 0; i < atOnce; i++ {
		go all.Done()
	}
	all.Wait()
}

func main() {
	runtime.GOMAXPROCS(1)
	atOnce := arg("at_once")
	batches := arg("tasks") / atOnce
	for i := 0; i < batches/10+1; i++ {
		batch(atOnce)
	}
	started := time.Now()
	for i := 0; i < batches; i++ {
		batch(atOnce)
	}
	took := time.Since(started)
	result("spawn", float64(took.Nanoseconds())/float64(batches*atOnce), "ns")
}
