package main

// target is a limit for a benchmark, relative to its twin if it has one.
type target struct {
	name string // of the benchmark
	base string // of its twin; "" for none
	says string // the limit in words
	met  func(got, base sample) bool
}

// atMost is met by a benchmark that takes no more than this over its twin. A
// negative number of bytes is no limit.
func atMost(ns, bytes, allocs float64) func(got, base sample) bool {
	return func(got, base sample) bool {
		return got.ns-base.ns <= ns && got.allocs-base.allocs <= allocs && (bytes < 0 || got.bytes-base.bytes <= bytes)
	}
}

// times is met by a benchmark that takes no more than so many times what its twin
// takes. A negative number of allocations is no limit.
func times(ns, allocs float64) func(got, base sample) bool {
	return func(got, base sample) bool {
		return got.ns <= ns*base.ns && (allocs < 0 || got.allocs <= allocs*base.allocs)
	}
}

var targets = []target{
	{"Hello/gowsgi", "Hello/bare", "at most +350 ns, +5 allocs, +450 B", atMost(350, 450, 5)},
	{"HelloInChi/gowsgi", "HelloInChi/bare", "at most +350 ns, +5 allocs, +450 B", atMost(350, 450, 5)},
	{"Get/common", "", "under 40 ns, 0 allocs", atMost(40, 0, 0)},
	{"Get/rare", "", "under 120 ns, 0 allocs", atMost(120, 0, 0)},
	{"Get/computed", "", "under 15 ns, 0 allocs", atMost(15, 0, 0)},
	{"Map/gowsgi", "Map/cgi", "half the time and allocs of the CGI map", times(0.5, 0.5)},
	{"Text", "", "under 2 µs", atMost(2000, -1, 100)},
	{"Read64K/gowsgi", "Read64K/bare", "within 3 %, no allocs", func(got, base sample) bool { return got.ns <= 1.03*base.ns && got.allocs == base.allocs }},
	{"Copy64K/gowsgi", "Copy64K/bare", "within 3 %, no allocs", func(got, base sample) bool { return got.ns <= 1.03*base.ns && got.allocs == base.allocs }},
	{"Lines/gowsgi", "Lines/scanner", "as fast as Scanner.Bytes", times(1, -1)},
	{"Lines/gowsgi", "Lines/scannertext", "as fast as Scanner.Text", times(1, -1)},
	{"Middleware/AccessLog", "Middleware/bare", "at most +1 µs, +2 allocs", atMost(1000, -1, 2)},
	{"Middleware/GuardHeaders", "Middleware/bare", "at most +150 ns, +2 allocs", atMost(150, -1, 2)},
	{"Middleware/QuietDisconnects", "Middleware/bare", "at most +150 ns, +2 allocs", atMost(150, -1, 2)},
	{"Middleware/Environ", "Middleware/bare", "at most +150 ns, +2 allocs", atMost(150, -1, 2)},
	{"FromHandler/gowsgi", "FromHandler/bare", "at most +600 ns, +6 allocs", atMost(600, -1, 6)},
}
