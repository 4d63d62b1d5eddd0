// grade: wrong
// step: 05
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: last-line
// hint: last-line
// The error of ReadSlice is looked at first, so a last line without LF is thrown away with it.
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
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadSlice('\n')
		text := strings.TrimSuffix(string(line), "\n")
		for err == bufio.ErrBufferFull {
			text = "too long"
			_, err = reader.ReadSlice('\n')
		}
		if err != nil {
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
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go serve(conn)
	}
}
