// grade: wrong
// step: 03
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: echo address pieces bytes sizes half-close large next together private reset gone
// hint: waits-for-end
// It reads everything, up to the client's half-close, and only then answers.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	all, err := io.ReadAll(conn)
	if err == nil {
		conn.Write(all)
	}
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Println(err)
			continue
		}
		go handle(conn)
	}
}
