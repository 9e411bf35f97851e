package python

import (
	"encoding/binary"
	"fmt"
)

// kind is what a frame is about (PROTOCOL.md; frame.py has the same names).
type kind byte

const (
	// From Go.
	kindRequest kind = 'Q'
	kindLong    kind = 'B' // a request is too long for a packet, and comes by the connection
	kindData    kind = 'D'
	// To Go.
	kindStart   kind = 'S'
	kindChunk   kind = 'C'
	kindFile    kind = 'F'
	kindEnd     kind = 'E'
	kindFailure kind = 'X'
	kindErrors  kind = 'L'
	kindRead    kind = 'R'
)

// Flags of frames, each for the kinds that it is named for.
const (
	requestMore       byte = 1 // the body goes on beyond the frame
	requestTerminated byte = 2 // the environ has wsgi.input_terminated
	requestWrapper    byte = 4 // the environ has wsgi.file_wrapper
	dataLast          byte = 1 // the body ends here
	dataBroken        byte = 2 // the body could not be read; the payload says why
	startList         byte = 1 // the one chunk that follows is the whole body
	endHangUp         byte = 1 // the worker closes the connection
)

const (
	headerSize = 8
	maxText    = 64 << 20 // the longest payload that is kept in memory
)

// frame is the header of one: the length of its payload, its kind and flags.
type frame struct {
	length uint32
	kind   kind
	flags  byte
}

// put writes the header to the start of b.
func (f frame) put(b []byte) {
	binary.LittleEndian.PutUint32(b, f.length)
	b[4], b[5], b[6], b[7] = byte(f.kind), f.flags, 0, 0
}

// parseFrame reads a header that a worker sent, or says why it is none.
func parseFrame(b []byte) (frame, error) {
	f := frame{binary.LittleEndian.Uint32(b), kind(b[4]), b[5]}
	if b[6] != 0 || b[7] != 0 || f.flags > 1 {
		return f, fmt.Errorf("%w: a frame that begins %q", errGarbage, b[:headerSize])
	}
	allowed := uint32(maxText)
	switch f.kind {
	case kindStart, kindEnd, kindFailure, kindErrors:
	case kindChunk:
		allowed = 1 << 30
	case kindFile, kindRead:
		if f.length != 8 {
			allowed = 0
		}
	default:
		return f, fmt.Errorf("%w: a frame of kind %q", errGarbage, byte(f.kind))
	}
	if f.length > allowed {
		return f, fmt.Errorf("%w: a frame of kind %q with %d bytes", errGarbage, byte(f.kind), f.length)
	}
	return f, nil
}
