// SPDX-License-Identifier: MIT

// A sync.Mutex, locked by as many goroutines as processors are used; see pairs.h. A Go process
// always has threads besides, so `idle` makes no difference.
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const chunk = 1000

var (
	mutex   sync.Mutex
	counter int
	ready   int32
	over    int32
	started time.Time
	took    time.Duration
)

func run(threads, wanted int, done *int, all *sync.WaitGroup) {
	for i := 0; i < wanted/10; i++ {
		mutex.Lock()
		mutex.Unlock()
	}
	if atomic.AddInt32(&ready, 1) == int32(threads) {
		started = time.Now()
	}
	for atomic.LoadInt32(&ready) < int32(threads) {
	}
	n := 0
	for n < wanted && atomic.LoadInt32(&over) == 0 {
		for i := 0; i < chunk; i++ {
			mutex.Lock()
			counter++
			mutex.Unlock()
		}
		n += chunk
	}
	if atomic.SwapInt32(&over, 1) == 0 {
		took = time.Since(started)
	}
	*done = n
	all.Done()
}

func main() {
	threads := arg("processors")
	wanted := arg("pairs")
	runtime.GOMAXPROCS(threads)
	done := make([]int, threads)
	var all sync.WaitGroup
	all.Add(threads)
	for i := range done {
		go run(threads, wanted, &done[i], &all)
	}
	all.Wait()
	total, least := 0, done[0]
	for _, n := range done {
		total += n
		if n < least {
			least = n
		}
	}
	if total != counter {
		panic("not every pair was counted")
	}
	result("pair", float64(took.Nanoseconds())/float64(total), "ns")
	result("least", float64(least)*100*float64(threads)/float64(total), "%")
}
