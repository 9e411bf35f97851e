package wire

// CaseKey is the environ's key for the name of the case, where the applications are
// in another process.
const CaseKey = "conformance.case"

// Seen is what the applications of a case saw and counted in another process.
type Seen struct {
	Environs []Environ      `json:"environs"`
	Counters map[string]int `json:"counters"`
}
