// grade: wrong
// step: 03
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: term int
// hint: term-status
// TERM closes the listener, Accept fails because of it, and log.Fatal gives the exit status 1.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func serve(conn net.Conn) {
	defer conn.Close()
	io.Copy(conn, conn)
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		listener.Close()
	}()
	fmt.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if errors.Is(err, syscall.EMFILE) {
			time.Sleep(50 * time.Millisecond)
			continue
		} else if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}
