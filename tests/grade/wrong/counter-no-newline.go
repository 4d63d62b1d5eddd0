// grade: wrong
// step: 05
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: replies
// hint: reply-not-ended
// Its replies are no lines: they do not end with a newline.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

var counter uint64

func answer(line string) string {
	switch line {
	case "read":
		return fmt.Sprint(atomic.LoadUint64(&counter))
	case "inc":
		atomic.AddUint64(&counter, 1)
		return "Counter has been incremented"
	}
	return "Unknown command"
}

func serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			io.WriteString(conn, answer(line))
		}
		if err != nil {
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
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go serve(conn)
	}
}
