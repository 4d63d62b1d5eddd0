// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: half-close next large late
// hint: spins-at-end
// After an error it reads again. The end of the connection is one, too, so the goroutine goes round
// forever, and the connection is never closed.
package main

import (
	"log"
	"net"
	"os"
	"time"
)

func handle(conn net.Conn) {
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			continue
		}
		conn.Write(buf[:n])
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
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go handle(conn)
	}
}
