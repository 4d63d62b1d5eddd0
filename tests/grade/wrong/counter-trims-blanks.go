// grade: wrong
// step: 05
// run: PROGRAM
// build: go build -o PROGRAM FILE
// needs: go
// loses: exact
// hint: wrong-reply
// TrimSpace takes off more than the CR: " inc" and "read " are commands too.
package main

import (
	"bufio"
	"fmt"
	"io"
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
	switch strings.TrimSpace(line) {
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
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadSlice('\n')
		text := strings.TrimSuffix(string(line), "\n")
		for err == bufio.ErrBufferFull {
			text = "too long"
			_, err = reader.ReadSlice('\n')
		}
		if err != nil && (err != io.EOF || text == "") {
			return
		}
		if _, err := conn.Write([]byte(answer(text))); err != nil {
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
