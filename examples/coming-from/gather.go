// SPDX-License-Identifier: MIT
// Go 1.19, standard library only
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const jobs = 5

func job(ctx context.Context, i, bad int) (int, error) {
	select {
	case <-time.After(time.Duration(i+1) * 20 * time.Millisecond):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if i == bad {
		return 0, errors.New("broken")
	}
	return i * i, nil
}

func gather(bad int, timeout time.Duration) ([]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var (
		wait    sync.WaitGroup
		once    sync.Once
		failure error
		results = make([]int, jobs)
	)
	for i := 0; i < jobs; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			result, err := job(ctx, i, bad)
			if err != nil {
				once.Do(func() { failure = err; cancel() })
				return
			}
			results[i] = result
		}(i)
	}
	wait.Wait()
	return results, failure
}

func show(bad int, timeout time.Duration) {
	results, err := gather(bad, timeout)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("timed out")
	case err != nil:
		fmt.Println("a job failed")
	default:
		fmt.Println(strings.Trim(fmt.Sprint(results), "[]"))
	}
}

func main() {
	show(-1, time.Second)
	show(2, time.Second)
	show(-1, 50*time.Millisecond)
}
