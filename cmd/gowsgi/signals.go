package main

import (
	"os"
	"os/signal"
	"syscall"
)

type signals <-chan os.Signal

// signalKind is what a signal asks of the command.
type signalKind int

const (
	stopGracefully signalKind = iota + 1
	stopAtOnce
	replaceWorkers
	startSuccessor
)

func watchSignals() signals {
	c := make(chan os.Signal, 16)
	watched := []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP}
	signal.Notify(c, append(watched, successorSignals...)...)
	return c
}

func kindOf(sig os.Signal) signalKind {
	switch sig {
	case syscall.SIGTERM:
		return stopGracefully
	case syscall.SIGINT, syscall.SIGQUIT:
		return stopAtOnce
	case syscall.SIGHUP:
		return replaceWorkers
	}
	return startSuccessor
}
