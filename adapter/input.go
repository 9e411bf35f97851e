package adapter

import (
	"errors"
	"net/http"
	"reflect"
	"time"
)

// inputError is what reading wsgi.input has met.
func (res *response) inputError() error {
	if res.env == nil {
		return nil
	}
	return res.inside.InputError()
}

// Interrupt makes a read of wsgi.input that is under way fail, and those that follow.
func (res *response) Interrupt() error {
	past := time.Unix(1, 0)
	res.mu.Lock()
	defer res.mu.Unlock()
	if res.raw != nil && res.raw.conn != nil {
		return res.raw.conn.SetReadDeadline(past)
	}
	return http.NewResponseController(res.w).SetReadDeadline(past)
}

// inputFailure returns what reading the request's body has met, if that is why
// the App failed with err, and nil otherwise. A panic over something else is the
// App's own.
func (res *response) inputFailure(err error) error {
	if res.env == nil {
		return nil
	}
	met := res.inside.ReadError()
	var panicked *PanicError
	if met != nil && (errors.Is(err, met) || !errors.As(err, &panicked)) {
		return met
	}
	if res.metLimit(err) {
		return err
	}
	return nil
}

// metLimit reports whether err is that of a limit on the request's own body, which
// wsgi.input does not know of: the App has read the body of the request itself, or
// wsgi.input through a limit of its own. An upstream's response has limits too.
func (res *response) metLimit(err error) bool {
	var limit *http.MaxBytesError
	if !errors.As(err, &limit) {
		return false
	}
	if reflect.TypeOf(res.r.Body) == limitedBody {
		var met *http.MaxBytesError
		_, err := res.r.Body.Read(nil) // it repeats its error, and reads nothing
		if errors.As(err, &met) && met == limit {
			return true
		}
	}
	// A limited reader reads one byte more than it lets through.
	return res.inside.InputRead() == limit.Limit+1
}

var limitedBody = reflect.TypeOf(http.MaxBytesReader(nil, http.NoBody, 0))
