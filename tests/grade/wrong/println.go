// grade: wrong
// step: 03
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: echo pieces bytes sizes half-close large late next together private reset gone
// hint: adds-newline
// Println: each answer gets a newline that the client has not sent.
package main

import (
	"fmt"
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintln(conn, string(buf[:n])); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Println(err)
			continue
		}
		go handle(conn)
	}
}
