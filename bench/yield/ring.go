// SPDX-License-Identifier: MIT

// A ring of goroutines on one processor, each calling runtime.Gosched: four different
// functions, each one call deep, as in ring.h.
package main

import (
	"runtime"
	"sync"
	"time"
)

type member struct {
	index          int
	warmup, rounds int
	sum            uint64
}

var started time.Time
var took time.Duration

//go:noinline
func stepA(m *member, x uint64) { m.sum += x; runtime.Gosched(); m.sum ^= x + 3 }

//go:noinline
func stepB(m *member, x uint64) { m.sum += x; runtime.Gosched(); m.sum ^= x + 5 }

//go:noinline
func stepC(m *member, x uint64) { m.sum += x; runtime.Gosched(); m.sum ^= x + 7 }

//go:noinline
func stepD(m *member, x uint64) { m.sum += x; runtime.Gosched(); m.sum ^= x + 11 }

func taskA(m *member) {
	for i := 0; i < m.warmup; i++ {
		stepA(m, uint64(i))
	}
	m.begin()
	for i := 0; i < m.rounds; i++ {
		stepA(m, uint64(i)*3)
	}
	m.end()
}

func taskB(m *member) {
	for i := 0; i < m.warmup; i++ {
		stepB(m, uint64(i))
	}
	m.begin()
	for i := 0; i < m.rounds; i++ {
		stepB(m, uint64(i)*5)
	}
	m.end()
}

func taskC(m *member) {
	for i := 0; i < m.warmup; i++ {
		stepC(m, uint64(i))
	}
	m.begin()
	for i := 0; i < m.rounds; i++ {
		stepC(m, uint64(i)*7)
	}
	m.end()
}

func taskD(m *member) {
	for i := 0; i < m.warmup; i++ {
		stepD(m, uint64(i))
	}
	m.begin()
	for i := 0; i < m.rounds; i++ {
		stepD(m, uint64(i)*11)
	}
	m.end()
}

// The first task holds the clock.
func (m *member) begin() {
	if m.index == 0 {
		started = time.Now()
	}
}

func (m *member) end() {
	if m.index == 0 {
		took = time.Since(started)
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	tasks, functions := arg("tasks"), arg("functions")
	rounds := arg("yields") / tasks
	run := []func(*member){taskA, taskB, taskC, taskD}[:functions]
	var all sync.WaitGroup
	members := make([]member, tasks)
	for i := range members {
		m := &members[i]
		*m = member{index: i, warmup: rounds/10 + 1, rounds: rounds}
		task := run[i%functions]
		all.Add(1)
		go func() {
			task(m)
			all.Done()
		}()
	}
	all.Wait()
	result("yield", float64(took.Nanoseconds())/float64(rounds*tasks), "ns")
}
