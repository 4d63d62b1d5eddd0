// SPDX-License-Identifier: MIT

// go: echo with Go's package net, a goroutine for each client.
//
// Run:      GOMAXPROCS=1 build/bench/go [-buffer BYTES] PORT
//
// Each client has a buffer of 32 KiB, which is io.Copy's. Not io.Copy itself: between two sockets
// it calls splice(2), which is dear for small messages. A Write returns when all is written, and
// until then the client is not read from. Go sets TCP_NODELAY and SO_KEEPALIVE, takes the backlog
// from net.core.somaxconn, and since 1.19 raises the limit of descriptors by itself.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

func echo(client net.Conn, size int) {
	defer client.Close()
	buffer := make([]byte, size)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func main() {
	size := flag.Int("buffer", 32*1024, "how much is read at once")
	flag.Parse()
	address := flag.Arg(0)
	listener, err := net.Listen("tcp4", "127.0.0.1:"+address[strings.LastIndex(address, ":")+1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "go: listening on", listener.Addr())
	for {
		client, err := listener.Accept()
		if err != nil { // out of descriptors: not for ever
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go echo(client, *size)
	}
}
