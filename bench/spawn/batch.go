// SPDX-License-Identifier: MIT

// Starts empty goroutines on one processor and waits for them with a WaitGroup; see batch.h.
package main

import (
	"runtime"
	"sync"
	"time"
)

func yields(all *sync.WaitGroup) {
	runtime.Gosched()
	all.Done()
}

func batch(atOnce, parts int) {
	var all sync.WaitGroup
	all.Add(atOnce)
	for i := 0; i < atOnce; i++ {
		if parts == 1 {
			go all.Done()
		} else {
			go yields(&all)
		}
	}
	all.Wait()
}

func main() {
	runtime.GOMAXPROCS(1)
	atOnce, parts := arg("at_once"), arg("parts")
	batches := arg("tasks") / atOnce
	for i := 0; i < batches/10+1; i++ {
		batch(atOnce, parts)
	}
	started := time.Now()
	for i := 0; i < batches; i++ {
		batch(atOnce, parts)
	}
	took := time.Since(started)
	result("spawn", float64(took.Nanoseconds())/float64(batches*atOnce), "ns")
}
