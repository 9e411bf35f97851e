package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/python"
)

// successorMargin is the time for a successor beyond that of its workers.
const successorMargin = 30 * time.Second

// service is the running command.
type service struct {
	options   *options
	console   console
	errorLog  io.Writer
	handover  *handover
	app       *python.App
	server    *adapter.Server
	status    *http.Server // nil for none
	listeners []net.Listener
	failed    chan error
}

// serve serves until a signal, or a successor, ends it.
func serve(o *options, stdout, stderr io.Writer) error {
	if o.chdir != "" {
		if err := os.Chdir(o.chdir); err != nil {
			return usageError("--chdir: %w", err)
		}
	}
	c, err := o.config()
	if err != nil {
		return err
	}
	s := &service{options: o, console: newConsole(stderr), failed: make(chan error, len(o.bind)+1)}
	if s.errorLog, err = openLog("error-logfile", o.errorLog, stderr); err != nil {
		return err
	}
	c.ErrorLog = s.errorLog
	wrap, err := s.wrapper(stdout)
	if err != nil {
		return err
	}
	signals := watchSignals() // from here on none of them ends the process by itself
	if o.checkConfig {
		return s.check(c)
	}
	if s.handover, err = newHandover(o.pid, c.StartTimeout+successorMargin); err != nil {
		return err
	}
	defer s.handover.stop()
	if err := s.listen(); err != nil {
		return err
	}
	if err := s.start(c, signals); err != nil {
		return err
	}
	s.server = adapter.NewServer("", s.app.ServeWSGI)
	s.server.StopTimeout = c.StopTimeout
	handler := &adapter.Handler{App: s.app.ServeWSGI, ErrorLog: s.errorLog}
	if o.scriptName != "" {
		handler.Environ = map[string]any{"SCRIPT_NAME": o.scriptName}
	}
	s.server.HTTP.Handler = wrap(handler)
	s.server.HTTP.DisableGeneralOptionsHandler = true
	s.server.Log, s.server.ErrorLog = io.Discard, s.errorLog
	s.accept()
	if err := s.handover.ready(); err != nil {
		_ = s.server.Close()
		return err
	}
	return s.wait(signals)
}

// check is --check-config.
func (s *service) check(c python.Config) error {
	c.Workers = 1
	app, err := python.Start(context.Background(), c)
	if err != nil {
		return failure{exitApp, advise(err, s.options.app)}
	}
	if err := app.Close(); err != nil {
		return err
	}
	s.console.say("The application starts", s.options.app)
	return nil
}

// wrapper makes of the flags what stands before the application: the proxies'
// headers, the access log, the files.
func (s *service) wrapper(stdout io.Writer) (func(http.Handler) http.Handler, error) {
	o := s.options
	if (o.certFile == "") != (o.keyFile == "") {
		return nil, usageError("--certfile and --keyfile go together: give both")
	}
	if o.certFile != "" { // it is read again for the first connection
		if _, err := tls.LoadX509KeyPair(o.certFile, o.keyFile); err != nil {
			return nil, usageError("--certfile and --keyfile: %w", err)
		}
	}
	if o.scriptName = strings.TrimRight(o.scriptName, "/"); o.scriptName != "" && o.scriptName[0] != '/' {
		return nil, usageError("--script-name %q: begin it with a slash", o.scriptName)
	}
	trusted, err := o.proxies()
	if err != nil {
		return nil, err
	}
	logged, err := o.accessLogger(stdout)
	if err != nil {
		return nil, err
	}
	files, err := openStatics(o.static)
	if err != nil {
		return nil, err
	}
	return func(app http.Handler) http.Handler {
		return middleware.TrustProxies(trusted...)(logged(files.before(app)))
	}, nil
}

// listen opens every address, or has it from the process before. The last one is
// that of --status, where it is given.
func (s *service) listen() error {
	addrs := s.options.bind
	if s.options.status != "" {
		addrs = append(addrs[:len(addrs):len(addrs)], s.options.status)
	}
	for _, addr := range addrs {
		l, err := s.handover.listen(addr)
		if err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// start starts the workers. A signal that stops gives up.
func (s *service) start(c python.Config, signals signals) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	started := make(chan error, 1)
	go func() {
		var err error
		s.app, err = python.Start(ctx, c)
		started <- err
	}()
	for {
		select {
		case err := <-started:
			if err != nil {
				return failure{exitApp, advise(err, s.options.app)}
			}
			return nil
		case sig := <-signals:
			if kindOf(sig) == stopGracefully || kindOf(sig) == stopAtOnce {
				cancel()
				<-started
				return errors.New("stopped by a signal before the application was up")
			}
		}
	}
}

// accept serves on each listener.
func (s *service) accept() {
	o, scheme := s.options, "http"
	if o.certFile != "" {
		scheme = "https"
	}
	for _, l := range s.listeners[:len(o.bind)] {
		go func() {
			if scheme == "https" {
				s.failed <- s.server.ServeTLS(l, o.certFile, o.keyFile)
				return
			}
			s.failed <- s.server.Serve(l)
		}()
		s.console.say("Listening at", addressURL(scheme, l.Addr()))
	}
	if o.status != "" {
		l := s.listeners[len(o.bind)]
		s.status = &http.Server{Handler: s.app.Status(), ReadHeaderTimeout: 10 * time.Second}
		go func() { s.failed <- s.status.Serve(l) }()
		s.console.say("Status at", addressURL("http", l.Addr()))
	}
}

func addressURL(scheme string, addr net.Addr) string {
	if addr.Network() == "unix" {
		return "unix:" + addr.String()
	}
	return scheme + "://" + addr.String()
}

// wait does what the signals say until the command is to end.
func (s *service) wait(signals signals) error {
	for {
		select {
		case err := <-s.failed:
			s.halt()
			return err
		case <-s.handover.taken:
			s.console.say("The successor serves", "waiting for the requests in flight")
			if s.status != nil { // the successor's is the one to ask
				go func() { _ = s.status.Shutdown(context.Background()) }()
			}
			return s.drain(signals, false)
		case sig := <-signals:
			switch kindOf(sig) {
			case stopGracefully:
				s.console.say("Stopping", "waiting for the requests in flight")
				s.handover.stop()
				return s.drain(signals, true)
			case stopAtOnce:
				s.halt()
				return nil
			case replaceWorkers:
				go s.restart()
			case startSuccessor:
				go s.succeed()
			}
		}
	}
}

func (s *service) restart() {
	if err := s.app.Restart(context.Background()); err != nil {
		s.report("the old workers stay at work: ", err)
		return
	}
	s.console.say("Workers replaced", "")
}

func (s *service) succeed() {
	if err := s.handover.upgrade(); err != nil {
		s.report("no successor took over, and this process serves on: ", err)
	}
}

func (s *service) report(what string, err error) {
	_, _ = io.WriteString(s.errorLog, "gowsgi: "+what+inFlags(err.Error())+"\n")
}

// drain waits for the requests in flight. A second signal, or the end of
// --graceful-timeout, cuts them off. Asked says that there was a first one.
func (s *service) drain(signals signals, asked bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(s.options.graceful*float64(time.Second)))
	defer cancel()
	go func() {
		for {
			select {
			case sig := <-signals:
				kind := kindOf(sig)
				if kind == stopAtOnce || kind == stopGracefully && asked {
					cancel()
					return
				}
				asked = asked || kind == stopGracefully
			case <-ctx.Done():
				return
			}
		}
	}()
	if err := s.server.Shutdown(ctx); err != nil {
		s.report("requests in flight were cut off: ", err)
		s.halt()
		return nil
	}
	if s.status != nil {
		_ = s.status.Close()
	}
	if err := s.app.Close(); err != nil {
		s.report("stopping the workers: ", err)
	}
	s.console.say("Stopped", "")
	return nil
}

// halt stops at once. The workers end with this process.
func (s *service) halt() {
	s.handover.stop()
	_ = s.server.Close()
	if s.status != nil {
		_ = s.status.Close()
	}
}
