// SPDX-License-Identifier: MIT

// Go's timers, on one processor; see pool.h. The scheduler fires them whenever it looks, so what
// "fire" counts is the processor time of the process from the first arming to the last firing.
package main

import (
	"math/rand"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func cpu() int64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return used.Utime.Nano() + used.Stime.Nano()
}

func far(random *rand.Rand) time.Duration {
	return time.Hour + time.Duration(random.Int63n(int64(time.Minute)))
}

func step(t *time.Timer, random *rand.Rand) {
	t.Stop()
	t.Reset(far(random))
}

func cancel(pending, steps int, random *rand.Rand) {
	timers := make([]*time.Timer, pending)
	for i := range timers {
		timers[i] = time.AfterFunc(far(random), func() {})
	}
	for i := 0; i < steps/10; i++ {
		step(timers[i%pending], random)
	}
	started := time.Now()
	for i := 0; i < steps; i++ {
		step(timers[i%pending], random)
	}
	turned := time.Now()
	for i := 0; i < steps; i++ {
		step(timers[random.Intn(pending)], random)
	}
	ended := time.Now()
	for _, t := range timers {
		t.Stop()
	}
	result("cancel", float64(turned.Sub(started).Nanoseconds())/float64(steps), "ns")
	result("random", float64(ended.Sub(turned).Nanoseconds())/float64(steps), "ns")
}

func round(timers []*time.Timer, all *sync.WaitGroup, spread int, random *rand.Rand) int64 {
	started := cpu()
	all.Add(len(timers))
	for _, t := range timers {
		t.Reset(time.Duration(random.Intn(spread)))
	}
	all.Wait()
	return cpu() - started
}

func main() {
	runtime.GOMAXPROCS(1)
	random := rand.New(rand.NewSource(1))
	pending, steps, spread := arg("pending"), arg("steps"), arg("spread_us")*1000
	cancel(pending, steps, random)
	rounds := steps
	if pending == 1 {
		spread = 1
	} else {
		rounds = arg("rounds")
	}
	var all sync.WaitGroup
	timers := make([]*time.Timer, pending)
	for i := range timers {
		timers[i] = time.AfterFunc(time.Hour, all.Done)
		timers[i].Stop()
	}
	round(timers, &all, spread, random)
	var took int64
	for i := 0; i < rounds; i++ {
		took += round(timers, &all, spread, random)
	}
	result("fire", float64(took)/float64(rounds*pending), "ns")
}
