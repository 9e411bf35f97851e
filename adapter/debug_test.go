package adapter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/browsertest"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/secure"
)

// broken panics two calls below an App.
func broken(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
	return nil, look(nil)
}

//go:noinline
func look(shelf []string) error { return errors.New(shelf[len(os.Args)]) }

// missing fails two errors deep.
func missing(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
	return nil, fmt.Errorf("loading the shop: %w", os.ErrNotExist)
}

func TestDebugText(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{ErrorLog: errs, Debug: true, App: missing}
	got := wiretest.Serve(t, h).Do("GET /x?token=s3cret HTTP/1.1\nHost: a.example\nCookie: s3cret\nAuthorization: s3cret\n\n")
	for pattern, with := range map[string]string{
		`REMOTE_PORT: \d+`: "REMOTE_PORT: 1", `Content-Length: \d+`: "Content-Length: 1", `\d+ more keys`: "9 more keys",
		`\S+/debug_test\.go:\d+`: "/debug_test.go:1", `(?m)^( {6}[ >]) +\d+( |$)`: "$1 1$2",
	} {
		got = regexp.MustCompile(pattern).ReplaceAllString(got, with)
	}
	want := `HTTP/1.1 500 Internal Server Error
Cache-Control: no-store
Connection: close
Content-Length: 1
Content-Type: text/plain; charset=utf-8
Vary: Accept
X-Content-Type-Options: nosniff

500 Internal Server Error

GET /x? HTTP/1.1
    loading the shop: file does not exist

Error
    *fmt.wrapError: loading the shop: file does not exist
    *errors.errorString: file does not exist

Application
    An error that is returned has no stack. This is where the App begins.
    github.com/gowsgi/gowsgi/adapter_test.missing
        /debug_test.go:1
        1
        1  //go:noinline
        1  func look(shelf []string) error { return errors.New(shelf[len(os.Args)]) }
        1
        1  // missing fails two errors deep.
      > 1  func missing(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
        1      return nil, fmt.Errorf("loading the shop: %w", os.ErrNotExist)
        1  }
        1
        1  func TestDebugText(t *testing.T) {
        1      errs := new(wiretest.Buffer)

Environ
    HTTP_HOST: a.example
    REMOTE_ADDR: 127.0.0.1
    REMOTE_PORT: 1
    9 more keys are hidden.

This page is shown because Handler.Debug is on: whoever makes a request fail sees it. Handler.Policy says which values of the environ it shows.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	require.NotContains(t, errs.String(), "s3cret")
	require.Contains(t, errs.String(), "GET /x? HTTP/1.1: loading the shop: file does not exist\n{")
}

// Whatever fails before the head is out is on the page; the rest is as without it.
func TestDebug(t *testing.T) {
	generated := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Generate(func(func([]byte) error) error { panic("in the Body") }), err
	}
	begun := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("200 OK", nil)
		if err != nil {
			return nil, err
		}
		_, _ = write.Write([]byte("begun"))
		panic("too late")
	}
	injecting := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"X-A", "s3cret\r\nX-B: 1"}})
		return nil, err
	}
	chained := chi.NewRouter()
	chained.Get("/*", func(http.ResponseWriter, *http.Request) { _ = look(nil) })
	late := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		return nil, context.DeadlineExceeded
	}
	tests := []struct {
		name   string
		app    adapter.App
		send   string
		status string
		has    []string
		hasNot []string
	}{
		{"a panic", broken, get, "HTTP/1.1 500 ", []string{
			"adapter: the App panicked: runtime error: index out of range [",
			"\nStack\n", "adapter_test.look\n", "debug_test.go:", "> ", "errors.New(shelf[len(os.Args)])", "adapter_test.broken\n",
			"adapter.(*response).run\n",
		}, []string{"runtime.gopanic\n        /", "debug.Stack", "An error that is returned"}},
		{"a panic of a handler", adapter.FromHandler(chained), get, "HTTP/1.1 500 ", []string{"adapter_test.look\n", "chi/v5.(*Mux).ServeHTTP"}, nil},
		{"a panic in the Body", generated, get, "HTTP/1.1 500 ", []string{"the App panicked: in the Body", `panic("in the Body")`}, nil},
		{"a head that is refused", injecting, get, "HTTP/1.1 500 ", []string{`the value of header "X-A" has a control character`, "adapter_test.TestDebug.func"}, nil},
		{"no call of start", failing500(nil), get, "HTTP/1.1 500 ", []string{"the App has not called start"}, nil},
		{"no App", nil, get, "HTTP/1.1 500 ", []string{"Handler.App is nil"}, []string{"\nStack\n", "\nApplication\n"}},
		{"an App of a library", adapter.FromHandler(nil), get, "HTTP/1.1 500 ", []string{"nil pointer", "\nStack\n"}, nil},
		{"the request's fault", failing500(&adapter.RequestError{Status: 422, Err: errors.New("no such\nsize")}), get, "HTTP/1.1 422 ", []string{"422 Unprocessable Entity\n", "    no such\n    size\n"}, nil},
		{"a body that is cut short", echo, post + "Content-Length: 50\n\nhello", "HTTP/1.1 400 ", []string{"400 Bad Request\n", "unexpected EOF"}, nil},
		{"a context that did not end", late, get, "HTTP/1.1 500 ", []string{"context deadline exceeded"}, nil},
		{"two causes", failing500(errors.Join(errors.New("one"), fmt.Errorf("two: %w", os.ErrClosed))), get, "HTTP/1.1 500 ", []string{
			"\n    *errors.errorString: one\n    *fmt.wrapError: two: file already closed\n    *errors.errorString: file already closed\n",
		}, nil},
		{"a stack of another kind", failing500(&adapter.PanicError{Value: "x", Stack: []byte("Traceback\n  File \"/etc/hostname\", line 1, in f\n\x1b[31m")}), get, "HTTP/1.1 500 ", []string{
			"\nStack\n    Traceback\n      File \"/etc/hostname\", line 1, in f\n    \\x1b[31m\n",
		}, nil},
		{"a terminal's control characters", failing500(errors.New("\x1b[31mred")), get, "HTTP/1.1 500 ", []string{`\x1b[31mred`}, []string{"\x1b"}},
		{"bytes are out", begun, get, "HTTP/1.1 200 ", []string{"begun"}, []string{"too late"}},
		{"HEAD", broken, "HEAD / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 500 ", []string{"Content-Type: text/plain; charset=utf-8\n"}, []string{"look"}},
		{"HTTP/1.0", broken, "GET / HTTP/1.0\n\n", "HTTP/1.0 500 ", []string{"adapter_test.look\n"}, nil},
		{"no failure", echo, post + "Content-Length: 2\n\nhi", "HTTP/1.1 200 ", []string{"hi"}, []string{"Vary", "no-store"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: new(wiretest.Buffer), Debug: true}).Do(test.send)
			require.True(t, strings.HasPrefix(got, test.status), got)
			for _, has := range test.has {
				require.Contains(t, got, has)
			}
			for _, hasNot := range test.hasNot {
				require.NotContains(t, got, hasNot)
			}
		})
	}
}

// A client that asks for HTML gets HTML.
func TestDebugAccept(t *testing.T) {
	tests := []struct {
		name   string
		accept []string
		html   bool
	}{
		{"none", nil, false},
		{"curl", []string{"*/*"}, false},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, true},
		{"another case of letters", []string{"Text/HTML"}, true},
		{"JSON", []string{"application/json"}, false},
		{"two lines", []string{"application/json", "text/html"}, true},
		{"refused", []string{"text/html;q=0, */*"}, false},
		{"text liked better", []string{"text/html; level=1; q=0.5, text/plain"}, false},
		{"HTML liked better", []string{"text/plain;q=0.5, text/html;q=0.9"}, true},
		{"a weight that is none", []string{"text/html;q=high"}, false},
		{"a weight beyond 1", []string{"text/html;q=2"}, false},
		{"a weight that is no number", []string{"text/html;q=NaN"}, false},
	}
	h := &adapter.Handler{App: broken, ErrorLog: new(wiretest.Buffer), Debug: true}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header["Accept"] = test.accept
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, test.html, strings.HasPrefix(w.Body.String(), "<!DOCTYPE html>"))
			require.Equal(t, test.html, w.Header().Get("Content-Type") == "text/html; charset=utf-8")
			require.Equal(t, test.html, w.Header().Get("Content-Security-Policy") != "")
			require.Equal(t, "Accept", w.Header().Get("Vary"))
		})
	}
}

// injected is markup that would be a hole wherever it were not escaped.
const injected = `<script>alert(1)</script>"'&lt;`

// Nothing that a client or an error says is markup, and nothing is shown that the
// policy hides.
func TestDebugEscapes(t *testing.T) {
	h := &adapter.Handler{
		App:   failing500(&adapter.PanicError{Value: injected, Stack: []byte(injected)}),
		Debug: true, ErrorLog: new(wiretest.Buffer),
		Policy: &secure.Policy{Allow: []string{"HTTP_HOST", "PATH_INFO", "HTTP_X_A"}, ShowMaskedKeys: true},
	}
	got := wiretest.Serve(t, h).Do("GET /" + strings.ReplaceAll(injected, `"`, "%22") + "?q=s3cret HTTP/1.1\nHost: x\nAccept: text/html\nX-A: " +
		injected + "\nCookie: s3cret\nAuthorization: Basic s3cret\n\n")
	require.True(t, strings.HasPrefix(got, "HTTP/1.1 500 "), got)
	require.NotContains(t, got, "<script")
	require.NotContains(t, got, "s3cret")
	require.Contains(t, got, "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;lt;")
	require.Contains(t, got, `<tr><th scope="row">HTTP_COOKIE</th><td>&lt;MASKED&gt;</td></tr>`)
	require.Contains(t, got, `<tr><th scope="row">HTTP_X_A</th><td>&lt;script&gt;`)
	require.Contains(t, got, "That is all of it.")
}

// HTTP/2 has the page too, and the connection stays.
func TestDebugHTTP2(t *testing.T) {
	s := wiretest.Serve(t, &adapter.Handler{App: broken, ErrorLog: new(wiretest.Buffer), Debug: true}, wiretest.H2C)
	c := s.DialH2()
	for _, stream := range []uint32{1, 3} {
		c.Open(stream, true, "GET", "/")
		answer := c.Answer(stream)
		require.True(t, strings.HasPrefix(answer, "500 500 Internal Server Error\n"), answer)
		require.True(t, strings.HasSuffix(answer, " END"), answer)
	}
}

// Off, it is as it was.
func TestDebugIsOff(t *testing.T) {
	got := wiretest.Serve(t, &adapter.Handler{App: broken, ErrorLog: new(wiretest.Buffer)}).Do("GET / HTTP/1.1\nHost: x\nAccept: text/html\n\n")
	require.True(t, strings.HasSuffix(got, "\n\nInternal Server Error"), got)
	require.NotContains(t, got, "Vary")
}

// measure has the pages in frames of two widths, opens what is folded, and writes down
// for each its name, the widths of the window and of the contents, what was loaded, how many
// parts are folded, how tall they are before and after, and what cannot be read.
const measure = `<!DOCTYPE html><title>measure</title><link rel="icon" href="data:,"><body>
<iframe width="375" height="9000" style="border:0" src="/Go"></iframe>
<iframe width="1280" height="9000" style="border:0" src="/Go"></iframe>
<iframe width="375" height="9000" style="border:0" src="/Python"></iframe>
<iframe width="1280" height="9000" style="border:0" src="/Python"></iframe>
<pre></pre><script>
const light = colour => {
	const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map(Number).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const behind = element => {
	for (; element; element = element.parentElement) {
		const colour = getComputedStyle(element).backgroundColor;
		if (colour != "rgba(0, 0, 0, 0)") return colour;
	}
	return "rgb(255, 255, 255)";
};
onload = () => {
	for (const frame of document.querySelectorAll("iframe")) {
		const page = frame.contentDocument, folded = [...page.querySelectorAll("details:not([open])")];
		const before = folded.map(f => f.getBoundingClientRect().height);
		for (const f of folded) f.firstElementChild.click();
		const grown = folded.every((f, i) => f.open && f.getBoundingClientRect().height > before[i]);
		const faint = [...page.body.querySelectorAll("*")].filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
			.filter(e => contrast(light(getComputedStyle(e).color), light(behind(e))) < 4.5).map(e => e.tagName + e.className);
		const wide = [...page.querySelectorAll("h1, p, summary, td, th, li")].filter(e => e.getBoundingClientRect().right > frame.contentWindow.innerWidth).length;
		document.querySelector("pre").textContent += [
			frame.contentWindow.location.pathname, frame.contentWindow.innerWidth, page.documentElement.scrollWidth, wide,
			frame.contentWindow.performance.getEntriesByType("resource").length,
			folded.length > 0, grown, page.querySelectorAll("mark").length > 0, "faint:" + faint.join(),
		].join(" ") + ";";
	}
};
</script>`

// The page fits into a telephone's window and into a large one, can be read in
// light and dark, opens what is folded, and loads nothing.
func TestDebugInABrowser(t *testing.T) {
	policy := secure.Policy{Allow: []string{"HTTP_HOST", "REMOTE_ADDR", "REMOTE_PORT", "PATH_INFO", "REQUEST_METHOD", "HTTP_X_LONG"}, ShowMaskedKeys: true}
	chained := chi.NewRouter()
	chained.Get("/*", func(_ http.ResponseWriter, r *http.Request) {
		panic(fmt.Errorf("the shelf %s: %w", strings.Repeat("long", 40), look(nil)))
	})
	failing := &adapter.Handler{App: adapter.FromHandler(chained), Debug: true, Policy: &policy, ErrorLog: new(wiretest.Buffer)}
	traceback := &adapter.Handler{App: failing500(fmt.Errorf("python: %w", &adapter.PanicError{Value: "KeyError: 'cart'", Stack: []byte(pythonTrace)})), Debug: true, ErrorLog: new(wiretest.Buffer)}
	mux := http.NewServeMux()
	mux.Handle("/Go", failing)
	mux.Handle("/Python", traceback)
	mux.HandleFunc("/measure", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, measure) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Long", strings.Repeat("x", 900))
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	want := "/Go 375 375 0 0 true true true faint:;/Go 1280 1280 0 0 true true true faint:;" +
		"/Python 375 375 0 0 true true false faint:;/Python 1280 1280 0 0 true true false faint:;"
	for name, scheme := range map[string]string{"light": "--disable-sync", "dark": browsertest.Dark} {
		t.Run(name, func(t *testing.T) {
			dom := browsertest.Run(t, scheme, "--dump-dom", server.URL+"/measure")
			measured := regexp.MustCompile(`<pre>(.*)</pre>`).FindStringSubmatch(dom)
			require.NotNil(t, measured, dom)
			require.Equal(t, want, measured[1])
			if pictures := os.Getenv("GOWSGI_DEBUG_PICTURES"); pictures != "" {
				for _, page := range []string{"/Go", "/Python"} {
					browsertest.Run(t, scheme, "--window-size=1280,1100", "--screenshot="+pictures+page+name+".png", server.URL+page)
					browsertest.Run(t, scheme, "--window-size=500,1100", "--screenshot="+pictures+page+name+"-narrow.png", server.URL+page)
				}
			}
		})
	}
}

const pythonTrace = `Traceback (most recent call last):
  File "/srv/venv/lib/python3.13/site-packages/flask/app.py", line 1511, in wsgi_app
    response = self.full_dispatch_request()
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/venv/lib/python3.13/site-packages/flask/app.py", line 902, in dispatch_request
    return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)  # type: ignore[no-any-return]
  File "/srv/shop/views.py", line 21, in cart
    return render(session["cart"])
                  ~~~~~~~^^^^^^^^
KeyError: 'cart'
`

// ExampleHandler_debug shows what a developer sees with curl.
func ExampleHandler_debug() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return nil, errors.New("the cart is empty")
	}
	h := &adapter.Handler{App: app, Debug: true, ErrorLog: new(strings.Builder)}
	server := httptest.NewServer(h)
	defer server.Close()
	response, err := http.Get(server.URL + "/cart")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page := make([]byte, 200)
	n, _ := response.Body.Read(page)
	lines := strings.SplitN(string(page[:n]), "\n", 5)
	fmt.Println(strings.Join(lines[:4], "\n"))
	// Output:
	// 500 Internal Server Error
	//
	// GET /cart HTTP/1.1
	//     the cart is empty
}
