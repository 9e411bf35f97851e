package adapter

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/gowsgi/gowsgi/internal/gone"
	"github.com/gowsgi/gowsgi/internal/recorder"
)

// patience is how long a Server of NewServer's waits for a client to send or to
// take a piece of a body: nginx's and Apache's time for that.
const patience = time.Minute

// setUpPatience bounds the time for clients, where the http.Server does not.
func (s *Server) setUpPatience() {
	p := &recorder.Patience{Stalled: stalled{s.patience}}
	if s.HTTP.ReadTimeout == 0 {
		p.Send = s.patience
	}
	if s.HTTP.WriteTimeout == 0 {
		p.Take = s.patience
	}
	if p.Send > 0 || p.Take > 0 {
		s.HTTP.Handler = p.Handler(s.HTTP.Handler)
	}
}

// stalled is the error of a write to a client that takes nothing. Such a client
// counts as one that left.
type stalled struct{ patience time.Duration }

func (e stalled) Error() string {
	return fmt.Sprintf("the client took too little of the response in %v", e.patience)
}

func (stalled) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || slices.Contains(gone.Errors, target)
}
