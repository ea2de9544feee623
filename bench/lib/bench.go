// SPDX-License-Identifier: MIT

// What every measured program in Go shares: its arguments and the form of its results.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The number in the argument "name=number", which must be there and positive.
func arg(name string) int {
	for _, a := range os.Args[1:] {
		if strings.HasPrefix(a, name+"=") {
			n, err := strconv.Atoi(a[len(name)+1:])
			if err == nil && n > 0 {
				return n
			}
		}
	}
	fmt.Fprintf(os.Stderr, "needs the argument %s=NUMBER\n", name)
	os.Exit(2)
	return 0
}

// One result.
func result(name string, value float64, unit string) {
	fmt.Printf("%s %.6g %s\n", name, value, unit)
}
