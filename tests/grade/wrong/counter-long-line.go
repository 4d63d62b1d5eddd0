// grade: wrong
// step: 05
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: long-line
// hint: long-line
// A Scanner gives up at a line longer than its buffer, and so the client is dropped.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var counter uint64

func answer(line string) string {
	switch strings.TrimSuffix(line, "\r") {
	case "read":
		return fmt.Sprintln(atomic.LoadUint64(&counter))
	case "inc":
		atomic.AddUint64(&counter, 1)
		return "Counter has been incremented\n"
	}
	return "Unknown command\n"
}

func serve(conn net.Conn) {
	defer conn.Close()
	scanner := bufio.NewScanner(conn)
	scanner.Buffer(make([]byte, 1024), 1024)
	for scanner.Scan() {
		if _, err := conn.Write([]byte(answer(scanner.Text()))); err != nil {
			return
		}
	}
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go serve(conn)
	}
}
