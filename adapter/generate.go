package adapter

import (
	"errors"
	"iter"
	"sync"
)

// Generate is a generator that can fail. It calls gen when its first chunk is
// asked for, never where none is, and gen hands the chunks over by send, which
// returns once the next one is wanted: by then a chunk is on its way to the
// client, and its memory is gen's again. Like Stream's, gen may call start
// before its first chunk.
//
// An error that send returns says that nobody wants more: the client left, or
// all has been sent that was declared. gen should clean up and return then; if
// it goes on, its chunks go nowhere. Before that, the error that gen returns is
// the Body's, as is a panic. Afterwards nobody is left to hear of it. The Body is
// closed when gen has returned.
//
// Goroutines that gen starts and waits for may call send, too: chunks go out one
// at a time. Once gen has returned, send does nothing but return an error.
func Generate(gen func(send func(chunk []byte) error) error) Body { return generator(gen) }

type generator func(send func(chunk []byte) error) error

func (g generator) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := &sender{yield: yield}
		if err := s.run(g); err != nil && !s.refused {
			yield(nil, err)
		}
	}
}

var (
	errNobody    = errors.New("adapter: nobody wants more of the Body: return from gen")
	errGenerated = errors.New("adapter: send was called after gen had returned")
)

// sender is the send of one generator at work.
type sender struct {
	mu      sync.Mutex
	yield   func([]byte, error) bool
	refused bool // nobody wants more
	over    bool // gen has returned
}

func (s *sender) run(g generator) error {
	defer s.end()
	return g(s.send)
}

// end waits for a chunk that another goroutine is sending.
func (s *sender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

func (s *sender) send(chunk []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return errGenerated
	case s.refused:
		return errNobody
	}
	s.refused = true // and so it stays where yield panics
	s.refused = !s.yield(chunk, nil)
	if s.refused {
		return errNobody
	}
	return nil
}
