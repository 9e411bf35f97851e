package python

import "encoding/binary"

// ticket is a request on its way to a worker.
type ticket struct {
	frame   []byte
	granted chan grant // its turn; nil where it came at once
	sent    bool       // it was posted when its turn came

	// The queue's, under its lock.
	connection *connection // that it was posted to
	number     uint16      // among what was posted there
	posted     bool
	prev, next *ticket
	queued     bool
}

// grant is a thread of a worker, and a connection to it if one is open. Without
// a worker the error says why none comes.
type grant struct {
	worker     *worker
	connection *connection
	err        error
}

// long reports whether a request does not fit into a packet.
func (t *ticket) long() bool { return len(t.frame) > largestPacket }

// packet returns the packet of the request: its frame, or for a long one a
// header that says that its frame comes over the connection.
func (t *ticket) packet() []byte {
	if t.long() {
		announcement := make([]byte, headerSize)
		frame{kind: kindLong}.put(announcement)
		binary.LittleEndian.PutUint16(announcement[6:], t.number)
		return announcement
	}
	binary.LittleEndian.PutUint16(t.frame[6:], t.number)
	return t.frame
}

// line is a list of tickets that one can leave from anywhere.
type line struct {
	first, last *ticket
	size        int
}

func (l *line) push(t *ticket) {
	t.queued, t.prev = true, l.last
	if l.last == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
	l.size++
}

// pushFirst is push for one that has waited longer than all others.
func (l *line) pushFirst(t *ticket) {
	t.queued, t.next = true, l.first
	if l.first == nil {
		l.last = t
	} else {
		l.first.prev = t
	}
	l.first = t
	l.size++
}

func (l *line) pop() *ticket {
	t := l.first
	l.remove(t)
	return t
}

// remove takes t out, and reports whether it was still there.
func (l *line) remove(t *ticket) bool {
	if !t.queued {
		return false
	}
	t.queued = false
	l.size--
	if t.prev == nil {
		l.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	return true
}
