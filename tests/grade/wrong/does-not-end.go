// grade: wrong
// step: 01
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: ends reset gone
// hint: goes-on
// Step 01 ends after its client; this one goes back to Accept.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(conn, conn)
		conn.Close()
	}
}
