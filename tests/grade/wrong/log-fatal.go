// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: reset gone gives-back
// hint: died-on-reset
// log.Fatal in the handler: one client's reset ends the process, with all other clients.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	if _, err := io.Copy(conn, conn); err != nil {
		log.Fatal(err)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Println(err)
			continue
		}
		go handle(conn)
	}
}
