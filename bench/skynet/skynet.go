// SPDX-License-Identifier: MIT

// Skynet in Go: goroutines that hand their sums back through a channel of their parent's; see
// skynet.h.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

const children = 10

func node(back chan int, first, leaves int) {
	if leaves == 1 {
		back <- first
		return
	}
	sums := make(chan int, children)
	for i := 0; i < children; i++ {
		go node(sums, first+i*(leaves/children), leaves/children)
	}
	sum := 0
	for i := 0; i < children; i++ {
		sum += <-sums
	}
	back <- sum
}

func main() {
	leaves, rounds := arg("leaves"), arg("rounds")
	runtime.GOMAXPROCS(arg("processors"))
	var started time.Time
	for i := 0; i <= rounds; i++ {
		if i == 1 {
			started = time.Now()
		}
		back := make(chan int, 1)
		node(back, 0, leaves)
		if <-back != leaves*(leaves-1)/2 {
			fmt.Fprintln(os.Stderr, "failed: the sum")
			os.Exit(1)
		}
	}
	took := time.Since(started)
	result("skynet", float64(took.Nanoseconds())/1e6/float64(rounds), "ms")
}
