package adapter

import "time"

// Patience returns how long s waits for a client.
func (s *Server) Patience() time.Duration { return s.patience }

// SetPatience shortens it.
func (s *Server) SetPatience(d time.Duration) { s.patience = d }
