package reliability

import (
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// payloads would add a header to a response, or end its head.
var payloads = map[string]string{
	"CRLF":                     "x\r\nX-Injected: 1",
	"CRLF twice, and a body":   "x\r\n\r\nX-Injected: 1",
	"a response":               "x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-Injected: 1\r\n\r\n",
	"LF":                       "x\nX-Injected: 1",
	"CR":                       "x\rX-Injected: 1",
	"NUL, CRLF":                "x\x00\r\nX-Injected: 1",
	"a folded line":            "x\r\n X-Injected: 1\r\nX-Injected: 1",
	"characters that cut down": "x\u010d\u010aX-Injected: 1",
	"next line":                "x\u0085X-Injected: 1",
	"line separator":           "x\u2028X-Injected: 1",
}

// injected finds where a payload has made a line of its own.
var injected = regexp.MustCompile(`[\r\n]\s*X-Injected`)

// roads are the ways of a handler to send a text that a client may have given.
var roads = map[string]func(w http.ResponseWriter, r *http.Request, text string){
	"a header's value": func(w http.ResponseWriter, _ *http.Request, text string) { w.Header().Set("X-Value", text) },
	"a header's name":  func(w http.ResponseWriter, _ *http.Request, text string) { w.Header()[text] = []string{"1"} },
	"one value of many": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header()["X-Value"] = []string{"fine", text}
	},
	"Content-Type":   func(w http.ResponseWriter, _ *http.Request, text string) { w.Header().Set("Content-Type", text) },
	"Content-Length": func(w http.ResponseWriter, _ *http.Request, text string) { w.Header().Set("Content-Length", text) },
	"Connection":     func(w http.ResponseWriter, _ *http.Request, text string) { w.Header().Set("Connection", text) },
	"Location": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("Location", text)
		w.WriteHeader(http.StatusFound)
	},
	"http.Redirect": func(w http.ResponseWriter, r *http.Request, text string) { http.Redirect(w, r, text, http.StatusFound) },
	"http.SetCookie": func(w http.ResponseWriter, _ *http.Request, text string) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: text, Path: text, Domain: text})
		http.SetCookie(w, &http.Cookie{Name: text, Value: "b"})
	},
	"Set-Cookie": func(w http.ResponseWriter, _ *http.Request, text string) { w.Header().Add("Set-Cookie", "a="+text) },
	"http.Error": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("X-Reason", text)
		http.Error(w, "sorry", http.StatusTeapot)
	},
	"early hints": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("Link", text)
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.WriteHeader(http.StatusOK)
	},
	"a trailer": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Sum", text)
	},
	"a trailer's announcement": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("Trailer", text)
		_, _ = io.WriteString(w, "body")
		w.Header().Set(text, "1")
	},
	"a trailer that was not announced": func(w http.ResponseWriter, _ *http.Request, text string) {
		_, _ = io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		w.Header().Set(http.TrailerPrefix+"X-Sum", text)
		w.Header()[http.TrailerPrefix+text] = []string{"1"}
	},
	"an upgrade": func(w http.ResponseWriter, _ *http.Request, text string) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", text)
		w.WriteHeader(http.StatusSwitchingProtocols)
	},
}

// appRoads are those of an App alone.
var appRoads = map[string]func(start adapter.StartResponse, text string) error{
	"the status": func(start adapter.StartResponse, text string) error {
		_, err := start("200 "+text, nil)
		return err
	},
	"the status's code": func(start adapter.StartResponse, text string) error {
		_, err := start(text, nil)
		return err
	},
	"a second start": func(start adapter.StartResponse, text string) error {
		_, _ = start("200 OK", nil)
		_, err := start("500 "+text, adapter.Headers{{"X-Value", text}}, io.ErrUnexpectedEOF)
		return err
	},
	"a refused start, and another": func(start adapter.StartResponse, text string) error {
		_, _ = start("200 OK", adapter.Headers{{"X-Value", text}, {"Set-Cookie", text}})
		_, err := start("200 OK", nil)
		return err
	},
	"a header's value": func(start adapter.StartResponse, text string) error {
		_, err := start("200 OK", adapter.Headers{{"X-Value", text}})
		return err
	},
	"a header's name": func(start adapter.StartResponse, text string) error {
		_, err := start("200 OK", adapter.Headers{{text, "1"}})
		return err
	},
	"an upgrade": func(start adapter.StartResponse, text string) error {
		_, err := start("101 Switching Protocols", adapter.Headers{{"Connection", "Upgrade"}, {"Upgrade", text}})
		return err
	},
}

// TestInjection sends what a client may have given by every road that an App or a
// handler under GuardHeaders has. Never does it become a line of its own.
func TestInjection(t *testing.T) {
	log.SetOutput(io.Discard) // http.SetCookie says there what it leaves out
	defer log.SetOutput(os.Stderr)
	text := ""
	handlers := make(map[string]http.Handler)
	for name, road := range roads {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { road(w, r, text) })
		handlers["GuardHeaders, "+name] = middleware.GuardHeaders(h)
		handlers["FromHandler, "+name] = &adapter.Handler{App: adapter.FromHandler(h), ErrorLog: io.Discard}
	}
	for name, road := range appRoads {
		handlers["App, "+name] = &adapter.Handler{ErrorLog: io.Discard, App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return adapter.Text("body"), road(start, text)
		}}
	}
	client := wiretest.H2Client()
	client.Timeout = patience
	defer client.CloseIdleConnections()
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			srv := wiretest.Serve(t, h, wiretest.H2C)
			for what := range payloads {
				text = payloads[what]
				for _, version := range []string{"1.0", "1.1"} {
					got := srv.Do("GET / HTTP/" + version + "\nHost: x\nTE: trailers\nConnection: close\n\n")
					require.True(t, strings.HasPrefix(got, "HTTP/1."), what)
					require.NotRegexp(t, injected, got, what)
					require.Len(t, finalStatus.FindAllString(got, -1), 1, "%s: %q", what, got)
				}
				res, err := client.Get(srv.URL("/"))
				if err != nil {
					continue // refused as a whole
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				require.Empty(t, res.Header.Values("X-Injected"))
				require.Empty(t, res.Trailer.Values("X-Injected"))
			}
		})
	}
}

// finalStatus finds where a response begins that is not an interim one.
var finalStatus = regexp.MustCompile(`(?m)^HTTP/1\.\d (101|[2-9]\d\d)`)
