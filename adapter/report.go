package adapter

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/logadapter"
)

// reporter tells the operator of a server what went wrong with one request.
type reporter struct {
	handler *Handler
	r       *http.Request
	env     *environ.Environ
}

func (res *response) reporter() reporter { return reporter{res.handler, res.r, res.env} }

// failure hands err to HandleError, or writes it to the error log as one record.
func (rep reporter) failure(err error) {
	if rep.handler.HandleError == nil {
		rep.record(err)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			rep.record(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	rep.handler.HandleError(rep.env, err)
}

func (rep reporter) record(err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v\n%v\n", requestRecord(rep.r).RequestLine(), err, rep.env)
	var panicked *PanicError
	if errors.As(err, &panicked) {
		b.Write(panicked.Stack)
	}
	rep.log(b.String())
}

// invalid logs in one line that the client's request was no good.
func (rep reporter) invalid(err error) {
	rep.log("Invalid request (from " + printable(rep.r.RemoteAddr) + "): " + printable(err.Error()) + "\n")
}

func (rep reporter) log(text string) {
	stream, own := rep.handler.scope.Errors.(environ.ErrorStream)
	switch s := stream.(type) {
	case *logadapter.Stream:
		stream = s.WithContext(rep.r.Context())
	default:
		if !own {
			stream = rep.env.Errors()
		}
	}
	_, _ = stream.WriteString(text)
}
