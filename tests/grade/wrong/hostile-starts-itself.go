// grade: wrong
// step: 03
// run: PROGRAM {port}
// build: go build -o PROGRAM FILE
// needs: go
// loses: any
// hint: any
// hostile: yes
// It starts itself again and again, each time in a session of its own, and never listens.
package main

import (
	"log"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	if os.Getpid() > 300 && len(os.Args) < 3 {
		log.Fatal("this runs in a PID namespace of its own only")
	}
	for {
		again := exec.Command("/proc/self/exe", os.Args[1], "again")
		again.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		again.Start()
	}
}
