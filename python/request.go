package python

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// headStart is how much of a request's body is read before a worker is taken:
// a client that sends slowly holds no worker so long. A body that may be longer,
// or that waits for a 100 Continue, is read when the application reads it.
const headStart = 64 << 10

// encoded is the frame of a request, in memory that is used again.
type encoded struct{ b []byte }

var encodedFrames = sync.Pool{New: func() any { return &encoded{make([]byte, 0, 4<<10)} }}

const largestKept = 256 << 10

func (e *encoded) free() {
	if cap(e.b) <= largestKept {
		encodedFrames.Put(e)
	}
}

// encode makes the frame of a request: what env has as strings, parted by NULs,
// and the head start of its body.
func encode(env *environ.Environ) (*encoded, error) {
	e := encodedFrames.Get().(*encoded)
	e.b = append(e.b[:0], make([]byte, headerSize+4)...)
	var known facts
	for key, value := range env.All() {
		text, ok := value.(string)
		if !ok {
			known.note(key)
			continue
		}
		if strings.IndexByte(text, 0) >= 0 || strings.IndexByte(key, 0) >= 0 {
			e.free()
			return nil, refuseNUL(env, key)
		}
		known.noteText(key, text)
		e.b = append(append(append(append(e.b, key...), 0), text...), 0)
	}
	if len(e.b) > headerSize+4 {
		e.b = e.b[:len(e.b)-1]
	}
	size := len(e.b) - headerSize - 4
	if size > maxText {
		e.free()
		return nil, fmt.Errorf("python: an environ of %d bytes is more than an application is given", size)
	}
	binary.LittleEndian.PutUint32(e.b[headerSize:], uint32(size))
	more, err := e.appendBody(env, known)
	if err != nil {
		e.free()
		return nil, err
	}
	if more {
		known.flags |= requestMore
	}
	frame{uint32(len(e.b) - headerSize), kindRequest, known.flags}.put(e.b)
	return e, nil
}

// refuseNUL is the error of a request whose environ has a NUL under key: the
// client's fault where its target has one in the path, which is decoded.
func refuseNUL(env *environ.Environ, key string) error {
	err := fmt.Errorf("python: the environ has a NUL in %q, which no application is given", key)
	if r := env.Request(); r != nil && (key == "PATH_INFO" || key == "SCRIPT_NAME") {
		if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.Contains(path, "%00") {
			return &adapter.RequestError{Status: http.StatusBadRequest, Err: err}
		}
	}
	return err
}

// facts are what an environ says that its frame depends on.
type facts struct {
	flags    byte
	length   string // CONTENT_LENGTH
	expects  bool   // the client waits for a 100 Continue
	switches bool   // the connection may be taken over: its bytes are no body
}

func (f *facts) note(key string) {
	switch key {
	case "wsgi.input_terminated":
		f.flags |= requestTerminated
	case "wsgi.file_wrapper":
		f.flags |= requestWrapper
	}
}

func (f *facts) noteText(key, text string) {
	switch key {
	case "CONTENT_LENGTH":
		f.length = text
	case "HTTP_EXPECT":
		f.expects = true
	case "HTTP_UPGRADE":
		f.switches = true
	}
}

// appendBody adds the head start of the body, and reports whether there may be
// more. Of a body whose length is not known nothing is read: its client may wait
// for an answer to what it has sent.
func (e *encoded) appendBody(env *environ.Environ, known facts) (more bool, err error) {
	length, err := strconv.ParseInt(known.length, 10, 64)
	if err != nil || known.expects || known.switches {
		return true, nil
	}
	if length <= 0 {
		return false, nil
	}
	start := len(e.b)
	end := start + int(min(length, headStart))
	e.b = append(e.b, make([]byte, end-start)...)
	in := env.Input()
	for at := start; at < end; {
		n, err := in.Read(e.b[at:end])
		at += n
		if err == io.EOF {
			e.b = e.b[:at]
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("python: %w", err)
		}
	}
	return length > headStart, nil
}

// parseHead parts the text of a head into status, names and values.
func parseHead(text string) (status string, headers [][2]string, err error) {
	status, rest, more := strings.Cut(text, "\x00")
	if more {
		headers = make([][2]string, 0, strings.Count(rest, "\x00")/2+1)
	}
	for more {
		var name, value string
		name, rest, more = strings.Cut(rest, "\x00")
		if !more {
			return "", nil, errors.Join(errGarbage, errors.New("python: a header without a value"))
		}
		value, rest, more = strings.Cut(rest, "\x00")
		headers = append(headers, [2]string{name, value})
	}
	return status, headers, nil
}
