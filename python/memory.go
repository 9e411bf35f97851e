package python

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// residentMemory returns the resident bytes of a process, 0 where nothing says:
// from proc(5), or else from ps(1).
func residentMemory(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return memoryByPS(pid)
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

func memoryByPS(pid int) int64 {
	if _, err := os.Stat("/proc/self/statm"); err == nil {
		return 0 // there is a proc, and the process is gone
	}
	kilobytes, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(bytes.TrimSpace(kilobytes)), 10, 64)
	return n << 10
}
