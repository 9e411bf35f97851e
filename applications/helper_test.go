//go:build unix

package applications

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/venvtest"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// whole asks for the sizes that docs/applications.md has figures of.
var whole = flag.Bool("whole", false, "send bodies of their whole size, which takes longer")

// large is the size of a large body, in bytes. Below the prefix it is smaller,
// which saves time.
func large(at string) int {
	switch {
	case *whole:
		return 100 << 20
	case at == "":
		return 24 << 20
	}
	return 4 << 20
}

// prefix is where an application is mounted besides the root.
const prefix = "/legacy"

// Chi refuses methods that it has not been told of: these are WebDAV's and
// CalDAV's.
func init() {
	for _, method := range []string{"PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR", "MOVE"} {
		chi.RegisterMethod(method)
	}
}

// site is an application behind a server, mounted at the root and at prefix.
type site struct {
	*python.App
	URL    string // of the server, without a slash at its end
	Router chi.Router
	log    *wiretest.Buffer // what the workers print
	errors *wiretest.Buffer // what the application writes to wsgi.errors
}

// install returns the virtual environment of all applications.
func install(t *testing.T) venvtest.Venv {
	t.Helper()
	return venvtest.Newest(t, venvtest.Version{3, 12}).Venv(t, "requirements.txt")
}

// serve starts the application that c names, and a server for it; both stop with
// the test. Each of filters may wrap the application.
func serve(t *testing.T, c python.Config, filters ...func(adapter.App) adapter.App) *site {
	t.Helper()
	s := &site{Router: chi.NewRouter(), log: new(wiretest.Buffer), errors: new(wiretest.Buffer)}
	c.Python, c.ErrorLog = install(t).Python, s.log
	c.Workers = cmp.Or(c.Workers, 2)
	c.StartTimeout, c.RequestTimeout = 5*time.Minute, 5*time.Minute // the machine may be busy
	c.Env = append(c.Env, "PYTHONDONTWRITEBYTECODE=1")
	app, err := python.Start(context.Background(), c)
	require.NoError(t, err)
	s.App = app
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Errorf("the application did not stop as it should: %v", err)
		}
		if t.Failed() {
			t.Logf("the workers' log:\n%s\nthe requests' log:\n%s", s.log, s.errors)
		}
	})
	wsgi := adapter.App(app.ServeWSGI)
	for _, filter := range filters {
		wsgi = filter(wsgi)
	}
	handler := &adapter.Handler{App: wsgi, ErrorLog: s.errors}
	s.Router.Mount(prefix, handler)
	s.Router.Mount("/", handler)
	s.URL = wiretest.Serve(t, s.Router).URL("")
	return s
}

// everywhere runs test for the application at the root and below the prefix. At
// is the mount's path: "" or prefix.
func everywhere(t *testing.T, test func(t *testing.T, at string)) {
	t.Run("root", func(t *testing.T) { test(t, "") })
	t.Run("prefix", func(t *testing.T) { test(t, prefix) })
}

// run runs a program of the virtual environment, or of PATH, and returns what it
// prints.
func run(t *testing.T, dir string, env []string, program string, args ...string) string {
	t.Helper()
	if own := filepath.Join(install(t).Dir, "bin", program); !strings.Contains(program, "/") {
		if _, err := os.Stat(own); err == nil {
			program = own
		}
	}
	command := exec.Command(program, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s\n%s", command, output)
	return string(output)
}

// browser is somebody's browser: it keeps cookies, and has a page open.
type browser struct {
	client *http.Client
	base   *url.URL // the server
	answer *http.Response
	page   string
}

// browse opens a page in a new browser.
func (s *site) browse(t *testing.T, path string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	base, err := url.Parse(s.URL)
	require.NoError(t, err)
	b := &browser{client: &http.Client{Jar: jar}, base: base}
	b.open(t, path)
	return b
}

// open opens another page; path may be relative to the one that is open.
func (b *browser) open(t *testing.T, path string, header ...string) {
	t.Helper()
	b.do(t, http.MethodGet, path, nil, header...)
}

// send sends a form to path as the page that is open does, its hidden fields
// included.
func (b *browser) send(t *testing.T, path string, form url.Values) {
	t.Helper()
	b.do(t, http.MethodPost, path, strings.NewReader(b.filled(form).Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// upload sends a form with a file.
func (b *browser) upload(t *testing.T, path string, form url.Values, field, name string, content []byte) {
	t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for key, values := range b.filled(form) {
		for _, value := range values {
			require.NoError(t, parts.WriteField(key, value))
		}
	}
	file, err := parts.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = file.Write(content)
	require.NoError(t, err)
	require.NoError(t, parts.Close())
	b.do(t, http.MethodPost, path, &body, "Content-Type", parts.FormDataContentType())
}

var (
	hiddenField = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)
	nameOf      = regexp.MustCompile(`name="([^"]*)"`)
	valueOf     = regexp.MustCompile(`value="([^"]*)"`)
)

// filled is form with the hidden fields of the page that it does not have.
func (b *browser) filled(form url.Values) url.Values {
	all := make(url.Values)
	for _, input := range hiddenField.FindAllString(b.page, -1) {
		name, value := nameOf.FindStringSubmatch(input), valueOf.FindStringSubmatch(input)
		if name != nil && value != nil {
			all.Set(name[1], html.UnescapeString(value[1]))
		}
	}
	for key, values := range form {
		all[key] = values
	}
	return all
}

func (b *browser) do(t *testing.T, method, path string, body io.Reader, header ...string) {
	t.Helper()
	from := b.base
	if b.answer != nil {
		from = b.answer.Request.URL
	}
	target, err := from.Parse(path)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, target.String(), body)
	require.NoError(t, err)
	r.Header.Set("Origin", b.base.String())
	r.Header.Set("Referer", from.String())
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	b.answer, err = b.client.Do(r)
	require.NoError(t, err)
	defer b.answer.Body.Close()
	page, err := io.ReadAll(b.answer.Body)
	require.NoError(t, err, path)
	b.page = string(page)
}

// shows fails the test unless the page that is open has this path, its status is
// 200, and it contains each of parts.
func (b *browser) shows(t *testing.T, path string, parts ...string) {
	t.Helper()
	require.Equal(t, http.StatusOK, b.answer.StatusCode, b.page)
	require.Equal(t, path, b.answer.Request.URL.RequestURI())
	for _, part := range parts {
		require.Contains(t, b.page, part)
	}
}

// link is the target of a page's link with this text, which is a regular
// expression.
func (b *browser) link(t *testing.T, text string) string {
	t.Helper()
	match := regexp.MustCompile(`<a[^>]*href="([^"]*)"[^>]*>\s*` + text + `\s*</a>`).FindStringSubmatch(b.page)
	require.NotNil(t, match, b.page)
	return html.UnescapeString(match[1])
}

// noise is the same bytes for the same seed, and no compression makes them less.
func noise(size int, seed byte) []byte {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(content)
	return content
}

func digest(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }

// patient waits for 100 Continue, however long it takes, before it sends a body.
var patient = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return content
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	require.NoError(t, err, text)
	return n
}

func values(pairs ...string) url.Values {
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}
