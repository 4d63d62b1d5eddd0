// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: idle
// hint: spins-idle
// main waits for a signal with a select that has a default: it looks again and again, all the time.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func acceptAll(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go func() {
			defer conn.Close()
			io.Copy(conn, conn)
		}()
	}
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go acceptAll(listener)
	for {
		select {
		case <-stop:
			os.Exit(0)
		default:
		}
	}
}
