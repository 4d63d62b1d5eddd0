// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: echo pieces bytes sizes half-close large late next together private reset gone
// hint: whole-buffer
// It writes its whole buffer, not only the n bytes that it has read: buf instead of buf[:n].
package main

import (
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if n == 0 || err != nil {
			return
		}
		if _, err := conn.Write(buf); err != nil {
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
