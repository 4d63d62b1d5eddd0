// grade: right
// step: 05
// run: PROGRAM -port {port}
// build: go build -o PROGRAM FILE
// needs: go
// full: core robust
// The counter with goroutines, an atomic and bufio; TERM, INT and QUIT kill it.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

var counter uint64

func answer(line string) string {
	switch line {
	case "read":
		return fmt.Sprintf("%d\n", atomic.LoadUint64(&counter))
	case "inc":
		atomic.AddUint64(&counter, 1)
		return "Counter has been incremented\n"
	}
	return "Unknown command\n"
}

// Reads a line, and of a long one the first 4,096 bytes only.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	text := string(line)
	for err == bufio.ErrBufferFull {
		_, err = in.ReadSlice('\n')
	}
	if strings.HasSuffix(text, "\n") {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	}
	if err == io.EOF && text != "" {
		err = nil
	}
	return text, err
}

func serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := readLine(in)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, answer(line)); err != nil {
			return
		}
	}
}

func main() {
	port := flag.Int("port", 9000, "port to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("server is up on port %d", *port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Print(err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go serve(conn)
	}
}
