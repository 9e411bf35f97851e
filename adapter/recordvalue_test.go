package adapter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// logged is what both of slog's handlers write of rec.
func logged(rec adapter.Record) (text, line string) {
	var texts, lines bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 {
			return slog.Attr{} // time, level and message
		}
		return a
	}}
	for _, h := range []slog.Handler{slog.NewTextHandler(&texts, options), slog.NewJSONHandler(&lines, options)} {
		slog.New(h).Info("", slog.Any("request", rec))
	}
	return texts.String(), lines.String()
}

func TestRecordLogValue(t *testing.T) {
	whole := adapter.Record{
		Time: time.Now(), Remote: "::1", Method: "GET", Target: "/a%20b?token=s3cret", Proto: "HTTP/1.1",
		Status: 200, Bytes: 12, Duration: 1500 * time.Microsecond, Referer: "http://s3cret/", UserAgent: "s3cret",
	}
	text, line := logged(whole)
	require.Equal(t, "request.method=GET request.path=/a%20b request.status=200 request.bytes=12 request.duration=1.5ms request.remote=::1 request.proto=HTTP/1.1\n", text)
	require.Equal(t, `{"request":{"method":"GET","path":"/a%20b","status":200,"bytes":12,"duration":1500000,"remote":"::1","proto":"HTTP/1.1"}}`+"\n", line)

	for target, want := range map[string]string{
		"":                           "",
		"/":                          "/",
		"*":                          "*",
		"/?":                         "/",
		"//a?b?c":                    "//a",
		"/@b":                        "/@b",
		"x.test:443":                 "x.test:443",
		"bob:s3cret@x.test:443":      "x.test:443",
		"http://bob:s3cret@x":        "/",
		"http://bob:s3cret@x?a/b":    "/",
		"http://bob:s3cret@x/y?z=@/": "/y",
		`/"\ =`:                      `/"\ =`,
		"/a\r\nb\x1b\x7f":            "/a%0D%0Ab%1B%7F",
		"/\u00e9\u202e\u009b\xff":    "/%C3%A9%E2%80%AE%C2%9B%FF",
	} {
		path := adapter.Record{Target: target}.LogValue().Group()[1]
		require.Equal(t, "path", path.Key)
		require.Equal(t, want, path.Value.String(), "%q", target)
	}
}

// FuzzRecordIsOneLine: nothing that a client says breaks a line of any format,
// forges a field or acts on a terminal.
func FuzzRecordIsOneLine(f *testing.F) {
	f.Add("127.0.0.1", "GET", "/a?b", "HTTP/1.1", "http://x/", "curl/8")
	f.Add("::1%\x1b", "G\n", "/\"\r\n\\", "\x00", `" 200 1 "`, "\u202e\u009b\xff\t\v\b\\\"")
	combined := regexp.MustCompile(`^\S* - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?:[^"\\]|\\.)*" 200 12 "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$`)
	f.Fuzz(func(t *testing.T, remote, method, target, proto, referer, agent string) {
		rec := adapter.Record{Time: time.Unix(1e9, 0), Remote: remote, Method: method, Target: target, Proto: proto, Status: 200, Bytes: 12, Referer: referer, UserAgent: agent}
		text, line := logged(rec)
		for _, s := range []string{strings.TrimSuffix(text, "\n"), strings.TrimSuffix(line, "\n"), adapter.CombinedFormat(rec)} {
			for _, c := range s {
				require.True(t, c < 0x80 && unicode.IsPrint(c), "%q", s)
			}
		}
		if !strings.Contains(remote, " ") {
			require.Regexp(t, combined, adapter.CombinedFormat(rec))
		}
		var got struct{ Request map[string]any }
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.Len(t, got.Request, 7)
	})
}

func TestCombinedFormat(t *testing.T) {
	at := time.Date(2026, 11, 3, 6, 42, 6, 0, time.FixedZone("", -7*3600))
	for _, test := range []struct {
		rec  adapter.Record
		want string
	}{
		{adapter.Record{Time: at, Remote: "192.0.2.7", Method: "GET", Target: "/a?b", Proto: "HTTP/1.0", Status: 200, Bytes: 2326, Referer: "http://x/start", UserAgent: "Mozilla/5.0 (X11)"},
			`192.0.2.7 - - [03/Nov/2026:06:42:06 -0700] "GET /a?b HTTP/1.0" 200 2326 "http://x/start" "Mozilla/5.0 (X11)"`},
		{adapter.Record{Time: at}, `- - - [03/Nov/2026:06:42:06 -0700] "  " 000 - "-" "-"`},
		{adapter.Record{Time: at, Remote: "a\nb", Method: "G\x00", Target: `/"\`, Proto: "\x7f", Status: 7, Referer: "\b\n\r\t\v\x1b", UserAgent: "é\" \"-"},
			`a\nb - - [03/Nov/2026:06:42:06 -0700] "G\x00 /\"\\ \x7f" 007 - "\b\n\r\t\v\x1b" "\xc3\xa9\" \"-"`},
	} {
		require.Equal(t, test.want, adapter.CombinedFormat(test.rec))
	}
}

// TestCombinedFormatOfARequest: the two headers are in this format and in no other.
func TestCombinedFormatOfARequest(t *testing.T) {
	const send = "GET /x HTTP/1.1\nHost: x\nReferer: http://bob:s3cret@y/p?token=s3cret#s3cret\nUser-Agent: browser \"7\"\nCookie: s3cret\n\n"
	for name, want := range map[string]string{"combined": `"GET /x HTTP/1.1" 200 2 "http://y/p" "browser \"7\""`, "pywsgi's": `"GET /x HTTP/1.1" 200 2 0`} {
		t.Run(name, func(t *testing.T) {
			log := new(wiretest.Buffer)
			var record adapter.Record
			h := &adapter.Handler{Log: log, App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", nil)
				return adapter.Text("ok"), err
			}, FormatRequest: func(rec adapter.Record) string {
				record = rec
				if name == "combined" {
					return adapter.CombinedFormat(rec)
				}
				return rec.String()
			}}
			wiretest.Serve(t, h).Do(send)
			require.Contains(t, log.Wait(t, "\n"), want)
			require.NotContains(t, log.String(), "s3cret")
			require.NotContains(t, fmt.Sprintf("%#v", record), "s3cret")
			if name != "combined" {
				require.NotContains(t, fmt.Sprintf("%v %+v %s", record, record, record)+log.String(), "browser")
			}
		})
	}
}

// TestReferer: what may be secret in a URL is not kept.
func TestReferer(t *testing.T) {
	for referer, want := range map[string]string{
		"": "", "http://y/p": "http://y/p", "http://y?a=b": "http://y", "http://y#a?b": "http://y", "https://bob:pw@y/p@q?": "https://y/p@q", "/p?q": "/p",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Referer", referer)
		if diff := cmp.Diff(want, adapter.NewRecord(r, time.Now(), 200, 0).Referer); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRecordCosts(t *testing.T) {
	if wiretest.Race {
		t.Skip("the race detector has allocations of its own")
	}
	rec := adapter.Record{Time: time.Now(), Remote: "127.0.0.1", Method: "GET", Target: "/a/b/c?d", Proto: "HTTP/1.1", Status: 200, Bytes: 12, Referer: "http://x/", UserAgent: "browser"}
	var group slog.Value
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { group = rec.LogValue() }), 1.0)
	require.Len(t, group.Group(), 7)
	var line string
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { line = adapter.CombinedFormat(rec) }), 2.0)
	require.NotEmpty(t, line)
}
