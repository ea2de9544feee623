// SPDX-License-Identifier: MIT

// Fetches the URLs in a file, at most at_once at a time, and prints a line as each starts and
// ends: net/http's client with its pool of connections set to that size, and as many
// goroutines, fed by a channel. Garbage collection is left as it comes.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

var out struct {
	sync.Mutex
	*bufio.Writer
}

func say(format string, values ...interface{}) {
	out.Lock()
	fmt.Fprintf(out, format, values...)
	out.Unlock()
}

func fetch(client *http.Client, url string) {
	say("Starting %s\n", url)
	response, err := client.Get(url)
	if err != nil {
		say("%s: %v\n", url, err)
		return
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		say("%s: %v\n", url, err)
		return
	}
	say("%s: %d bytes\n", url, len(body))
}

func main() {
	atOnce := arg("at_once")
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	out.Writer = bufio.NewWriter(os.Stdout)
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns:        atOnce,
		MaxIdleConnsPerHost: atOnce,
		MaxConnsPerHost:     atOnce,
	}}
	urls := make(chan string)
	var all sync.WaitGroup
	for i := 0; i < atOnce; i++ {
		all.Add(1)
		go func() {
			for url := range urls {
				fetch(client, url)
			}
			all.Done()
		}()
	}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		urls <- lines.Text()
	}
	close(urls)
	all.Wait()
	out.Flush()
}
