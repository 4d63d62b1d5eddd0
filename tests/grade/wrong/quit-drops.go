// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: quit
// hint: quit-drops
// QUIT does what TERM does: it ends at once, though there are still clients to serve.
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

func serve(conn net.Conn) {
	defer conn.Close()
	io.Copy(conn, conn)
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		<-stop
		listener.Close()
		os.Exit(0)
	}()
	for {
		conn, err := listener.Accept()
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go serve(conn)
	}
}
