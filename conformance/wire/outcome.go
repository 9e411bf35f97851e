package wire

// Outcome is everything that was seen of a server when a case was played to it.
type Outcome struct {
	Responses       []Response `json:"responses"`
	Connection      string     `json:"connection"`
	Environs        []Environ  `json:"environs"`
	Counters        map[string]int
	AccessLog       []Text     `json:"access_log"`
	ErrorLog        []LogEntry `json:"error_log"`
	Leftover        Text
	Late            Text
	TrailingInterim []Text `json:"trailing_interim"`
}

// Response is a response as it was parsed.
type Response struct {
	StatusLine Text `json:"status_line"`
	Code       int
	Reason     Text
	Headers    [][2]Text
	Framing    string
	Complete   bool
	Body       Text
	Chunks     []int
	BodyOnHead bool `json:"body_on_head"`
	Interim    []Text
}

// LogEntry is one entry of the error log.
type LogEntry struct{ Kind, Type, Text string }
