// SPDX-License-Identifier: MIT

// The memory of this process as the kernel counts it; see memory.h.
package main

import (
	"bytes"
	"fmt"
	"os"
)

func contents(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return text
}

// The number after field in a file of "Field:  number kB" lines, in bytes.
func field(path, name string) int {
	for _, line := range bytes.Split(contents(path), []byte("\n")) {
		var kib int
		if n, _ := fmt.Sscanf(string(line), name+" %d kB", &kib); n == 1 {
			return kib * 1024
		}
	}
	panic(name)
}

// Pages in use and page tables, in bytes.
func memory() int {
	return field("/proc/self/smaps_rollup", "Rss:") + field("/proc/self/status", "VmPTE:")
}

func mappings() int {
	return bytes.Count(contents("/proc/self/maps"), []byte("\n"))
}
