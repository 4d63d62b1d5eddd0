// grade: wrong
// step: 03
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: together private reset
// hint: one-at-a-time
// One word is missing before handle(conn): go. The clients are served one after the other.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	io.Copy(conn, conn)
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("echo: listening on %v\n", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Println(err)
			continue
		}
		handle(conn)
	}
}
