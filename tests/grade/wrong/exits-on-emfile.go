// grade: wrong
// step: 03
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: emfile
// hint: emfile-exit
// log.Fatal after Accept: the first error of accept ends the server.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func serve(conn net.Conn) {
	defer conn.Close()
	io.Copy(conn, conn)
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}
