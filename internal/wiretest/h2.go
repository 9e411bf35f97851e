package wiretest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// The frames of HTTP/2 that H2 knows (RFC 9113, 6), and their flags.
const (
	frameData, frameHeaders, frameReset, frameSettings, framePing = 0x0, 0x1, 0x3, 0x4, 0x6

	flagEndStream, flagAck, flagEndHeaders = 0x1, 0x1, 0x4
)

// H2Cancel is the error code with which a client resets a stream that it has
// no use for any more (RFC 9113, 7).
const H2Cancel = 0x8

// H2 is a client's connection that speaks HTTP/2 frame by frame, so that a test
// can do what no client of net/http's does.
type H2 struct {
	*Conn
	headers *hpack.Encoder
	block   bytes.Buffer
	decoder *hpack.Decoder
}

// DialH2 opens a connection to a server under H2C that closes with the test.
func (s *Server) DialH2() *H2 {
	s.t.Helper()
	c := &H2{Conn: s.Dial(), decoder: hpack.NewDecoder(4096, nil)}
	c.headers = hpack.NewEncoder(&c.block)
	c.write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	c.frame(frameSettings, 0, 0, nil)
	return c
}

// Open begins a request on stream, an odd number. End says that no body follows.
func (c *H2) Open(stream uint32, end bool, method, path string, headers ...[2]string) {
	c.t.Helper()
	c.block.Reset()
	for _, field := range append([][2]string{
		{":method", method}, {":scheme", "http"}, {":authority", "x"}, {":path", path},
	}, headers...) {
		if err := c.headers.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			c.t.Fatal(err)
		}
	}
	c.frame(frameHeaders, flagEndHeaders|endFlag(end), stream, c.block.Bytes())
}

// Body sends a part of a request's body; end says that it is the last.
func (c *H2) Body(stream uint32, end bool, part string) {
	c.t.Helper()
	c.frame(frameData, endFlag(end), stream, []byte(part))
}

// Reset takes a request back.
func (c *H2) Reset(stream, code uint32) {
	c.t.Helper()
	c.frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

// Answer returns what comes on stream until it ends: the status, the body, and
// how it ended, as in "200 hello END", "200 hel RESET 2" or "CLOSED".
func (c *H2) Answer(stream uint32) string {
	c.t.Helper()
	var parts []string
	var body strings.Builder
	for {
		kind, flags, on, payload, err := c.next()
		if err != nil {
			return strings.Join(append(parts, trim(body.String(), "CLOSED")...), " ")
		}
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			c.frame(frameSettings, flagAck, 0, nil)
		case kind == framePing && flags&flagAck == 0:
			c.frame(framePing, flagAck, 0, payload)
		case kind == frameHeaders: // of any stream, for the decoder's table
			fields, err := c.decoder.DecodeFull(payload)
			if err != nil {
				c.t.Fatalf("decoding a header: %v", err)
			}
			if on == stream && len(fields) > 0 && fields[0].Name == ":status" {
				parts = append(parts, fields[0].Value)
			}
		}
		if on != stream {
			continue
		}
		switch kind {
		case frameData:
			body.Write(payload)
		case frameReset:
			end := fmt.Sprint("RESET ", binary.BigEndian.Uint32(payload))
			return strings.Join(append(parts, trim(body.String(), end)...), " ")
		}
		if (kind == frameData || kind == frameHeaders) && flags&flagEndStream != 0 {
			return strings.Join(append(parts, trim(body.String(), "END")...), " ")
		}
	}
}

// trim is the list of those of texts that are not empty.
func trim(texts ...string) []string {
	var full []string
	for _, text := range texts {
		if text != "" {
			full = append(full, text)
		}
	}
	return full
}

func endFlag(end bool) byte {
	if end {
		return flagEndStream
	}
	return 0
}

func (c *H2) frame(kind, flags byte, stream uint32, payload []byte) {
	c.t.Helper()
	length := uint32(len(payload))
	head := binary.BigEndian.AppendUint32([]byte{byte(length >> 16), byte(length >> 8), byte(length), kind, flags}, stream)
	c.write(append(head, payload...))
}

func (c *H2) write(p []byte) {
	c.t.Helper()
	if _, err := c.Write(p); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

func (c *H2) next() (kind, flags byte, stream uint32, payload []byte, err error) {
	var head [9]byte
	if _, err = io.ReadFull(c, head[:]); err != nil {
		return
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(c, payload)
	return head[3], head[4], binary.BigEndian.Uint32(head[5:]) & 0x7fffffff, payload, err
}
