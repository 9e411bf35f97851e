package adapter

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/gowsgi/gowsgi/internal/debugpage"
	"github.com/gowsgi/gowsgi/internal/visible"
)

// explain answers with the page of Handler.Debug in the place of the App.
func (res *response) explain(code int, err error) {
	page := res.page(code, err)
	header := res.w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept")
	if !debugpage.WantsHTML(res.r.Header) {
		res.send(code, "text/plain; charset=utf-8", page.Text())
		return
	}
	header.Set("Content-Security-Policy", debugpage.Policy)
	res.send(code, "text/html; charset=utf-8", page.HTML())
}

// page is what there is to say of a request that ended in err. It shows what the
// record on the error log does, under the same policy.
func (res *response) page(code int, err error) *debugpage.Page {
	page := &debugpage.Page{
		Status:  strconv.Itoa(code) + " " + http.StatusText(code),
		Request: res.reporter().requestLine(),
		Message: visible.Text(err.Error(), "\n\t"),
		Causes:  causes(err),
	}
	page.Environ, page.Hidden = res.shown()
	var panicked *PanicError
	switch {
	case res.wrong != nil && res.wrong.stack != nil:
		page.Frames = debugpage.Frames(res.wrong.stack)
	case errors.As(err, &panicked):
		page.Trace = debugpage.Traceback(visible.Text(string(panicked.Stack), "\n\t"))
	case res.handler.App != nil:
		page.NoStack, page.Frames = true, debugpage.Start(reflect.ValueOf(res.handler.App).Pointer())
	}
	return page
}

// shown is the environ as its policy lets it be printed, and how many keys that
// leaves out.
func (res *response) shown() (entries [][2]string, hidden int) {
	for _, attr := range res.env.LogValue().Group() {
		if attr.Key == "hidden_keys" {
			hidden = int(attr.Value.Int64())
			continue
		}
		entries = append(entries, [2]string{visible.Text(attr.Key, ""), visible.Text(attr.Value.String(), "")})
	}
	return entries, hidden
}

// causes are err and the errors that it wraps, each before those in it.
func causes(err error) []debugpage.Cause {
	var found []debugpage.Cause
	var walk func(err error)
	walk = func(err error) {
		if err == nil {
			return
		}
		found = append(found, debugpage.Cause{Type: fmt.Sprintf("%T", err), Message: visible.Text(err.Error(), "\n\t")})
		switch wrapper := err.(type) {
		case interface{ Unwrap() error }:
			walk(wrapper.Unwrap())
		case interface{ Unwrap() []error }:
			for _, err := range wrapper.Unwrap() {
				walk(err)
			}
		}
	}
	walk(err)
	return found
}
