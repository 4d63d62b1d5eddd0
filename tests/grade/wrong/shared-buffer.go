// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: private
// hint: shared-buffer
// buf and n are global: every goroutine reads into the same slice, and they overwrite each other's
// answers.
package main

import (
	"log"
	"net"
	"os"
)

var (
	buf = make([]byte, 1024)
	n   int
)

func handle(conn net.Conn) {
	defer conn.Close()
	for {
		var err error
		n, err = conn.Read(buf)
		if err != nil {
			return
		}
		if _, err = conn.Write(buf[:n]); err != nil {
			return
		}
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
