package main

import (
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gowsgi/gowsgi/python"
)

// config is what o means to package python.
func (o *options) config() (python.Config, error) {
	c := python.Config{
		App: o.app, Python: o.interpreter, Reload: o.reload,
		MaxRequests: o.maxRequests, MaxRequestsJitter: o.jitter, Queue: o.queue,
	}
	if o.queue == 0 {
		c.Queue = -1
	}
	for _, n := range []struct {
		flag         string
		value, least int
	}{
		{"threads", o.threads, 1}, {"worker-connections", o.connections, 1},
		{"max-requests", o.maxRequests, 0}, {"max-requests-jitter", o.jitter, 0}, {"queue", o.queue, 0},
	} {
		if n.value < n.least {
			return c, usageError("--%s %d: give a number from %d on", n.flag, n.value, n.least)
		}
	}
	if err := o.setTimeouts(&c); err != nil {
		return c, err
	}
	if err := o.setWorkers(&c); err != nil {
		return c, err
	}
	var err error
	if c.MaxMemory, err = parseSize(o.maxMemory); err != nil {
		return c, err
	}
	c.Env, err = o.environment()
	return c, err
}

func (o *options) setWorkers(c *python.Config) error {
	if o.workers != "auto" { // 0 workers are one for each CPU
		n, err := strconv.Atoi(o.workers)
		if err != nil || n < 1 {
			return usageError("--workers %q: give a number from 1 on, or auto (WEB_CONCURRENCY counts without the flag)", o.workers)
		}
		c.Workers = n
	}
	switch o.class {
	case "sync", "gthread":
		c.Threads = o.threads
	case "gevent":
		c.Gevent, c.Threads = true, o.connections
	default:
		return usageError("--worker-class %q: give sync, gthread or gevent", o.class)
	}
	return nil
}

func (o *options) setTimeouts(c *python.Config) error {
	for _, t := range []struct {
		flag    string
		seconds float64
		to      *time.Duration
		zero    time.Duration // stands for 0 s, which would be a Config's default
	}{
		{"timeout", o.timeout, &c.RequestTimeout, -1},
		{"graceful-timeout", o.graceful, &c.StopTimeout, time.Nanosecond},
		{"start-timeout", o.startTimeout, &c.StartTimeout, 0},
		{"queue-timeout", o.queueTimeout, &c.QueueTimeout, time.Nanosecond},
	} {
		if !(t.seconds >= 0 && t.seconds < math.MaxInt64/float64(time.Second)) || t.seconds == 0 && t.zero == 0 {
			return usageError("--%s %v: give a number of seconds", t.flag, t.seconds)
		}
		if *t.to = time.Duration(t.seconds * float64(time.Second)); *t.to == 0 {
			*t.to = t.zero
		}
	}
	return nil
}

// environment is what --env and --pythonpath add to the workers' environment.
func (o *options) environment() ([]string, error) {
	for _, entry := range o.env {
		if key, _, ok := strings.Cut(entry, "="); !ok || key == "" {
			return nil, usageError("--env %q: write KEY=value", key)
		}
	}
	if o.pythonpath == "" {
		return o.env, nil
	}
	var folders []string
	for folder := range strings.SplitSeq(o.pythonpath, ",") {
		path, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		folders = append(folders, path)
	}
	before := os.Getenv("PYTHONPATH")
	for _, entry := range o.env {
		if value, ok := strings.CutPrefix(entry, "PYTHONPATH="); ok {
			before = value
		}
	}
	if before != "" {
		folders = append(folders, before)
	}
	joined := strings.Join(folders, string(os.PathListSeparator))
	return append(o.env[:len(o.env):len(o.env)], "PYTHONPATH="+joined), nil
}

// parseSize reads a number of bytes, as in 512M; "" is 0.
func parseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	shift := 0
	digits := strings.TrimRight(text, "kKmMgG")
	if unit := strings.ToUpper(text[len(digits):]); unit != "" {
		shift = 10 * (1 + strings.Index("KMG", unit))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64>>shift || len(text) > len(digits)+1 {
		return 0, usageError("--max-memory %q: write a size such as 512M or 2G", text)
	}
	return n << shift, nil
}

// proxies are the peers of --forwarded-allow-ips. As in gunicorn, the peer on a
// Unix socket is one of them, unless there are none.
func (o *options) proxies() ([]netip.Prefix, error) {
	if o.forwarded == "" {
		return nil, nil
	}
	trusted := []netip.Prefix{{}}
	for entry := range strings.SplitSeq(o.forwarded, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "*" {
			trusted = append(trusted, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))
			continue
		}
		prefix, err := netip.ParsePrefix(entry)
		if addr, addrErr := netip.ParseAddr(entry); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr.WithZone(""), addr.BitLen()), nil
		}
		if err != nil {
			return nil, usageError("--forwarded-allow-ips %q: write addresses, CIDR blocks or *, with commas between them", entry)
		}
		trusted = append(trusted, prefix)
	}
	return trusted, nil
}
