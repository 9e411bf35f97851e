package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// compressed sends text in gzip to clients that accept it. Each chunk is still
// with the client before the next is asked for.
func compressed(app adapter.App) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		z := &zipper{accepted: acceptsGzip(env.Get("HTTP_ACCEPT_ENCODING"))}
		body, err := app(env, z.start(start))
		if err != nil || z.started && !z.on {
			return body, err // a list stays a list
		}
		return z.body(body), nil
	}
}

// zipper compresses one response.
type zipper struct {
	accepted bool
	started  bool // start was called; on holds
	on       bool
	gz       *gzip.Writer
	out      bytes.Buffer
}

func (z *zipper) start(next adapter.StartResponse) adapter.StartResponse {
	return func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
		on := z.accepted && isCompressible(status, headers)
		if on {
			headers.Set("Content-Encoding", "gzip")
			headers.Del("Content-Length")
			if tag := headers.Get("ETag"); strings.HasPrefix(tag, `"`) {
				headers.Set("ETag", "W/"+tag) // the bytes are others now
			}
		}
		headers.Add("Vary", "Accept-Encoding")
		write, err := next(status, headers, excInfo...)
		if err != nil {
			return nil, err
		}
		z.started, z.on, z.gz = true, on, gzip.NewWriter(&z.out)
		z.out.Reset()
		if !on {
			return write, nil
		}
		return &zipWriter{z, write}, nil
	}
}

// body compresses a body whose response may start with its first chunk.
func (z *zipper) body(inner adapter.Body) adapter.Body {
	body := adapter.Generate(func(send func(chunk []byte) error) error {
		for chunk, err := range adapter.Chunks(inner) {
			if err != nil {
				return err
			}
			if z.on && len(chunk) > 0 {
				chunk = z.squeeze(chunk)
			}
			if err := send(chunk); err != nil {
				return err
			}
		}
		if !z.on {
			return nil
		}
		return send(z.end())
	})
	return adapter.OnClose(body, func() error { return adapter.CloseBody(inner) })
}

// squeeze returns p compressed, so that it can be inflated at once. The bytes
// are good until the next call. (A bytes.Buffer fails no Write.)
func (z *zipper) squeeze(p []byte) []byte {
	z.out.Reset()
	_, _ = z.gz.Write(p)
	_ = z.gz.Flush()
	return z.out.Bytes()
}

func (z *zipper) end() []byte {
	z.out.Reset()
	_ = z.gz.Close()
	return z.out.Bytes()
}

// zipWriter is the write() of a response that is compressed.
type zipWriter struct {
	z     *zipper
	write io.Writer
}

func (w *zipWriter) Write(p []byte) (int, error) {
	if len(p) > 0 {
		if _, err := w.write.Write(w.z.squeeze(p)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func isCompressible(status string, headers adapter.Headers) bool {
	switch {
	case strings.HasPrefix(status, "204"), strings.HasPrefix(status, "304"): // no body
		return false
	case strings.HasPrefix(status, "206"), strings.HasPrefix(status, "101"): // a part, or no body at all
		return false
	case headers.Get("Content-Encoding") != "", strings.Contains(headers.Get("Cache-Control"), "no-transform"):
		return false
	}
	return strings.HasPrefix(headers.Get("Content-Type"), "text/")
}

// acceptsGzip reports whether gzip is in an Accept-Encoding, and not with a
// quality of 0.
func acceptsGzip(accept string) bool {
	for coding := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
		quality, err := strconv.ParseFloat(q, 64)
		return !ok || err == nil && quality > 0
	}
	return false
}
