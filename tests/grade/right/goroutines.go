// grade: right
// step: 03 06
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// full: core robust orderly
// A goroutine for each client, with io.Copy; stops in order.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func echo(conn net.Conn) {
	defer conn.Close()
	if _, err := io.Copy(conn, conn); err != nil {
		log.Printf("client %v: %v", conn.RemoteAddr(), err)
	}
}

func main() {
	listener, err := net.Listen("tcp", os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %v", listener.Addr())

	quit := make(chan struct{})
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	go func() {
		if <-signals == syscall.SIGQUIT {
			close(quit)
			listener.Close()
			<-signals
		}
		os.Exit(0)
	}()

	var clients sync.WaitGroup
	for {
		conn, err := listener.Accept()
		if err != nil {
			select {
			case <-quit:
				clients.Wait()
				return
			case <-time.After(100 * time.Millisecond): // too many open files, most likely
				log.Print(err)
				continue
			}
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			echo(conn)
		}()
	}
}
