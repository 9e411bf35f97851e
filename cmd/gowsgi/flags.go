package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/pflag"
)

// options is what the flags said, as they were written.
type options struct {
	app string

	bind, static, env                             []string
	workers, class, maxMemory                     string
	threads, connections, maxRequests, jitter     int
	queue                                         int
	timeout, graceful, startTimeout, queueTimeout float64
	chdir, pythonpath, interpreter                string
	accessLog, accessFormat, errorLog             string
	certFile, keyFile, forwarded, scriptName      string
	pid, status                                   string
	reload, checkConfig, version, help            bool
}

func defaults() options {
	return options{
		class: "sync", threads: 1, connections: 1000,
		timeout: 30, graceful: 30, startTimeout: 30, queueTimeout: 30, queue: 1024,
		errorLog: "-", accessFormat: "pywsgi", forwarded: "127.0.0.0/8,::1",
	}
}

// parse reads GOWSGI_CMD_ARGS and then args, whose flags come before its own.
func parse(args []string, getenv func(string) string) (*options, error) {
	o := defaults()
	o.interpreter = getenv("GOWSGI_PYTHON")
	more, err := shellquote.Split(getenv("GOWSGI_CMD_ARGS"))
	if err != nil {
		return nil, usageError("GOWSGI_CMD_ARGS cannot be split as a shell does: %w: close its quotes", err)
	}
	if err := o.read(more, "GOWSGI_CMD_ARGS: "); err != nil {
		return nil, err
	}
	if err := o.read(args, ""); err != nil {
		return nil, err
	}
	if o.workers == "" {
		o.workers = getenv("WEB_CONCURRENCY")
	}
	if o.workers == "" {
		o.workers = "1"
	}
	if len(o.bind) == 0 {
		o.bind = []string{"127.0.0.1:8000"}
	}
	if o.app == "" && !o.help && !o.version {
		return nil, usageError("name the application, as in: gowsgi shop.wsgi:application")
	}
	return &o, nil
}

// read reads args over what o has: what they do not name stays.
func (o *options) read(args []string, where string) error {
	all := pflag.NewFlagSet("gowsgi", pflag.ContinueOnError)
	for _, group := range o.groups() {
		all.AddFlagSet(group.flags)
	}
	all.Usage = func() {}
	if err := all.Parse(args); err != nil {
		return usageError("%s%w: see gowsgi --help", where, err)
	}
	switch all.NArg() {
	case 0:
	case 1:
		o.app = all.Arg(0)
	default:
		return usageError("%sone application, not %d: %q is too much", where, all.NArg(), all.Arg(1))
	}
	return nil
}

type group struct {
	title string
	flags *pflag.FlagSet
}

// groups are the flags as --help shows them. Their defaults are what o has.
func (o *options) groups() []group {
	add := func(title string, fill func(f *pflag.FlagSet)) group {
		f := pflag.NewFlagSet(title, pflag.ContinueOnError)
		f.SortFlags = false
		fill(f)
		return group{title, f}
	}
	return []group{
		add("Addresses", func(f *pflag.FlagSet) {
			f.StringArrayVarP(&o.bind, "bind", "b", o.bind, "`address`: host:port, :port, unix:path or fd://3; repeatable (default 127.0.0.1:8000)")
			f.StringVar(&o.certFile, "certfile", o.certFile, "TLS certificate `file`; read again when it changes")
			f.StringVar(&o.keyFile, "keyfile", o.keyFile, "`file` of the certificate's key")
			f.StringVar(&o.forwarded, "forwarded-allow-ips", o.forwarded, "`list` of the proxies whose headers count: addresses, CIDR blocks or *, with commas between them")
			f.StringVar(&o.scriptName, "script-name", o.scriptName, "`path` that the application is mounted at")
			f.StringArrayVar(&o.static, "static", o.static, "files that Go serves, as `/path=folder`; repeatable")
			f.StringVar(&o.status, "status", o.status, "`address` of the status page and of Prometheus's figures")
		}),
		add("Workers", func(f *pflag.FlagSet) {
			f.StringVarP(&o.workers, "workers", "w", o.workers, "`number` of processes; auto is one for each CPU (default $WEB_CONCURRENCY, or 1)")
			f.StringVarP(&o.class, "worker-class", "k", o.class, "`class`: sync, gthread or gevent")
			f.IntVar(&o.threads, "threads", o.threads, "`number` of requests at once in each worker")
			f.IntVar(&o.connections, "worker-connections", o.connections, "`number` of requests at once in each gevent worker")
			f.IntVar(&o.maxRequests, "max-requests", o.maxRequests, "`number` of requests after which a worker is replaced; 0 is never")
			f.IntVar(&o.jitter, "max-requests-jitter", o.jitter, "`number` up to which each worker gets more, at random")
			f.StringVar(&o.maxMemory, "max-memory", o.maxMemory, "`size` of memory beyond which a worker is replaced, as in 512M")
			toggle(f, &o.reload, "reload", "", "replace workers when source files change")
			f.IntVar(&o.queue, "queue", o.queue, "`number` of requests that may wait for a worker")
		}),
		add("Time limits, in seconds", func(f *pflag.FlagSet) {
			f.Float64VarP(&o.timeout, "timeout", "t", o.timeout, "`seconds` without progress in a request, after which its worker is killed; 0 is no limit")
			f.Float64Var(&o.graceful, "graceful-timeout", o.graceful, "`seconds` for the requests in flight at a stop")
			f.Float64Var(&o.startTimeout, "start-timeout", o.startTimeout, "`seconds` for importing the application")
			f.Float64Var(&o.queueTimeout, "queue-timeout", o.queueTimeout, "`seconds` that a request may wait for a worker; then it gets 503")
		}),
		add("The application", func(f *pflag.FlagSet) {
			f.StringVar(&o.chdir, "chdir", o.chdir, "`folder` to change to first")
			f.StringVar(&o.pythonpath, "pythonpath", o.pythonpath, "`folders` to import from, with commas between them")
			f.StringArrayVarP(&o.env, "env", "e", o.env, "`KEY=value` for its environment (repeatable)")
			f.StringVar(&o.interpreter, "python", o.interpreter, "`interpreter` of the workers (default that of the virtual environment, or python3)")
		}),
		add("Logs and the process", func(f *pflag.FlagSet) {
			f.StringVar(&o.accessLog, "access-logfile", o.accessLog, "`file` for a line a request; - is stdout (default none)")
			f.StringVar(&o.accessFormat, "access-logformat", o.accessFormat, "`format`: pywsgi, combined or json")
			f.StringVar(&o.errorLog, "error-logfile", o.errorLog, "`file` for what goes wrong; - is stderr")
			f.StringVarP(&o.pid, "pid", "p", o.pid, "`file` for the process id")
			toggle(f, &o.checkConfig, "check-config", "", "import the application, say whether that worked, and exit")
			toggle(f, &o.version, "version", "", "print the version and exit")
			toggle(f, &o.help, "help", "h", "print this and exit")
		}),
	}
}

// toggle is a flag without a value. The help of a pflag.Bool would offer one.
func toggle(f *pflag.FlagSet, to *bool, name, short, usage string) {
	f.BoolFuncP(name, short, usage, func(text string) (err error) {
		*to, err = strconv.ParseBool(text)
		return err
	})
}

const helpWidth = 79

// usage is what --help prints.
func usage() string {
	var b strings.Builder
	b.WriteString(`Usage: gowsgi [flags] module:callable

Serves a Python WSGI application. "module" alone means its callable
"application", and "module:factory()" is called once for it.
`)
	o := defaults()
	for _, g := range o.groups() {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(helpWidth))
	}
	b.WriteString(`
GOWSGI_CMD_ARGS holds flags that come before those of the command line.

Signals: TERM stops when the requests in flight are done, INT and QUIT stop at
once, HUP replaces the workers, USR2 starts a successor on the same addresses.
`)
	return b.String()
}

// release is the version of a wheel, which its build sets.
var release string

// version is the line of --version.
func version() string {
	v := release
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	if v == "" {
		v = "(devel)"
	}
	return fmt.Sprintf("gowsgi %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
