package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
	"github.com/gowsgi/gowsgi/internal/venvtest"
)

// beMain makes the test binary the example itself.
const beMain = "GOWSGI_DJANGO_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The site is the same at the root and below a prefix; its links differ.
func TestSite(t *testing.T) {
	venv, data := install(t), prepare(t)
	for _, prefix := range []string{"/", "/club"} {
		t.Run(prefix, func(t *testing.T) {
			site := live.Start(t, run, "-python", venv.Python, "-data", data(t), "-prefix", prefix)
			at := site.URL + strings.TrimSuffix(prefix, "/")
			t.Run("pages", func(t *testing.T) { testPages(t, site, at) })
			t.Run("form", func(t *testing.T) { testForm(t, at) })
			t.Run("admin", func(t *testing.T) { testAdmin(t, at) })
			t.Run("static files", func(t *testing.T) { testStatic(t, site.URL, at) })
		})
	}
}

func testPages(t *testing.T, site *live.Program, at string) {
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/", 200, "<li>Nobody yet."},
		{"GET", "/?a=1", 200, "<li>Nobody yet."},
		{"HEAD", "/", 200, ""},
		{"GET", "/guests/1000/", 404, "<title>Not Found</title>"},
		{"GET", "/nothing", 404, "<title>Not Found</title>"},
		{"POST", "/", 403, "CSRF verification failed. Request aborted."},
		{"GET", "/broken/", 500, "<title>Server Error (500)</title>"},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r, err := http.NewRequest(test.method, at+test.path, nil)
			require.NoError(t, err)
			response, body := do(t, http.DefaultClient, r)
			require.Equal(t, test.status, response.StatusCode, body)
			require.Contains(t, body, test.body)
		})
	}
	site.AwaitOutput(t, `/?a=1 HTTP/1.1" 200 `)
	site.AwaitOutput(t, "LookupError: nobody has mended this page\n")
}

func testForm(t *testing.T, at string) {
	client, path := browser(t), pathOf(t, at)
	_, page := get(t, client, at+"/")
	require.Contains(t, page, `<form action="`+path+`/" method="post">`)
	require.Contains(t, page, `<a href="`+path+`/admin/">`)

	token := hidden(t, page)
	response, page := post(t, client, at+"/", url.Values{"csrfmiddlewaretoken": {token}, "message": {"no name"}})
	require.Equal(t, 200, response.StatusCode)
	require.Contains(t, page, "This field is required.")

	response, page = post(t, client, at+"/", url.Values{"csrfmiddlewaretoken": {token}, "name": {"Zoë <Ann>"}, "message": {"Grüße"}})
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, path+"/guests/1/", response.Request.URL.Path, "the redirection leads below the prefix")
	require.Contains(t, page, "<h1>Zoë &lt;Ann&gt;</h1>\n<p>Grüße</p>")
	require.Contains(t, page, `<a href="`+path+`/">All guests</a>`)

	_, page = get(t, http.DefaultClient, at+"/")
	require.Contains(t, page, `<li><a href="`+path+`/guests/1/">Zoë &lt;Ann&gt;</a>`)

	stranger := browser(t)
	get(t, stranger, at+"/")
	response, _ = post(t, stranger, at+"/", url.Values{"csrfmiddlewaretoken": {token}, "name": {"Mallory"}})
	require.Equal(t, 403, response.StatusCode, "another's token")
}

// testAdmin signs in to the admin, and there adds a guest and deletes it.
func testAdmin(t *testing.T, at string) {
	client, path := browser(t), pathOf(t, at)
	response, page := get(t, client, at+"/admin/")
	require.Equal(t, path+"/admin/login/?next="+path+"/admin/", response.Request.URL.RequestURI())

	login := func(password string) (*http.Response, string) {
		return post(t, client, response.Request.URL.String(), url.Values{
			"csrfmiddlewaretoken": {hidden(t, page)}, "next": {path + "/admin/"},
			"username": {"ann"}, "password": {password},
		})
	}
	_, refused := login("wrong")
	require.Contains(t, refused, "Please enter the correct username and password")
	response, page = login(password)
	require.Equal(t, path+"/admin/", response.Request.URL.Path)
	require.Contains(t, page, "<title>Site administration | Django site admin</title>")
	require.Contains(t, page, `href="`+path+`/admin/guests/guest/add/"`)

	add := at + "/admin/guests/guest/add/"
	_, page = get(t, client, add)
	response, page = post(t, client, add, url.Values{"csrfmiddlewaretoken": {hidden(t, page)}, "name": {"From the admin"}})
	require.Equal(t, path+"/admin/guests/guest/", response.Request.URL.Path)
	require.Contains(t, page, "was added successfully.")
	link := regexp.MustCompile(`<a href="([^"]*)">From the admin</a>`).FindStringSubmatch(page)
	require.NotNil(t, link, page)

	change, err := response.Request.URL.Parse(html.UnescapeString(link[1]))
	require.NoError(t, err)
	remove := strings.Replace(change.String(), "/change/", "/delete/", 1)
	_, page = get(t, client, remove)
	_, page = post(t, client, remove, url.Values{"csrfmiddlewaretoken": {hidden(t, page)}, "post": {"yes"}})
	require.Contains(t, page, "was deleted successfully.")

	_, page = get(t, client, at+"/admin/")
	response, page = post(t, client, at+"/admin/logout/", url.Values{"csrfmiddlewaretoken": {hidden(t, page)}})
	require.Equal(t, 200, response.StatusCode)
	response, _ = get(t, client, at+"/admin/")
	require.Equal(t, path+"/admin/login/", response.Request.URL.Path, "signed out")
}

// testStatic reads each file that Django's pages name. Go serves them.
func testStatic(t *testing.T, root, at string) {
	_, book := get(t, http.DefaultClient, at+"/")
	_, login := get(t, http.DefaultClient, at+"/admin/login/")
	files := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(book+login, -1)
	require.Greater(t, len(files), 5)
	require.Regexp(t, `^/static/guests/book\.[0-9a-f]{12}\.css$`, files[0][1])
	for _, file := range files {
		response, body := get(t, http.DefaultClient, root+file[1])
		require.Equal(t, 200, response.StatusCode, file[1])
		require.Equal(t, "public, max-age=31536000, immutable", response.Header.Get("Cache-Control"))
		require.NotEmpty(t, body)
		require.Empty(t, response.Header.Get("X-Frame-Options"), "this is Django's")
	}
	response, _ := get(t, http.DefaultClient, root+files[0][1])
	require.Equal(t, "text/css; charset=utf-8", response.Header.Get("Content-Type"))
	for _, path := range []string{"/static/", "/static/admin/", "/static/admin", "/static/nothing.css", "/static/../club.sqlite3"} {
		response, body := get(t, http.DefaultClient, root+path)
		require.Equal(t, 404, response.StatusCode, path)
		require.Equal(t, "404 page not found\n", body)
		require.Empty(t, response.Header.Get("Cache-Control"))
	}
}

// The program as its user runs it, in a process of its own: no worker is left
// behind that would hold its stdout.
func TestInterrupt(t *testing.T) {
	stdout := live.Interrupt(t, beMain, "-python", install(t).Python, "-data", prepare(t)(t))
	require.True(t, strings.HasSuffix(stdout, "Stopped.\n"), stdout)
}

func TestStartFails(t *testing.T) {
	var stdout strings.Builder
	err := run(t.Context(), []string{"-data", t.TempDir()}, &stdout)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "manage.py collectstatic makes it")
	require.Empty(t, stdout.String())
}

// The migrations are those of the models.
func TestMigrationsAreComplete(t *testing.T) {
	manage(t, install(t), t.TempDir(), "makemigrations", "--check", "--dry-run")
}

const password = "correct horse battery staple"

func install(t *testing.T) venvtest.Venv {
	t.Helper()
	return venvtest.Newest(t, venvtest.Version{3, 10}).Venv(t, "legacy/requirements.txt")
}

// prepare does what the documentation of main tells, and returns a func that
// makes another such folder with a database and static files.
func prepare(t *testing.T) (data func(t *testing.T) string) {
	t.Helper()
	dir, venv := t.TempDir(), install(t)
	manage(t, venv, dir, "migrate", "--verbosity", "0")
	manage(t, venv, dir, "collectstatic", "--noinput", "--verbosity", "0")
	manage(t, venv, dir, "createsuperuser", "--noinput", "--username", "ann", "--email", "ann@example.com")
	return func(t *testing.T) string {
		t.Helper()
		other := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.CopyFS(other, os.DirFS(dir)))
		return other
	}
}

func manage(t *testing.T, venv venvtest.Venv, data string, args ...string) {
	t.Helper()
	command := exec.Command(venv.Python, append([]string{"manage.py"}, args...)...)
	command.Dir = "legacy"
	command.Env = append(os.Environ(), "CLUB_DATA="+data, "DJANGO_SUPERUSER_PASSWORD="+password)
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
}

// browser is a client that keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	return do(t, client, r)
}

// post posts a form as a page of this server does.
func post(t *testing.T, client *http.Client, target string, form url.Values) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("POST", target, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+r.URL.Host)
	return do(t, client, r)
}

func do(t *testing.T, client *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// hidden is the CSRF token of a page's form.
func hidden(t *testing.T, page string) string {
	t.Helper()
	match := regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`).FindStringSubmatch(page)
	require.NotNil(t, match, page)
	return match[1]
}

func pathOf(t *testing.T, at string) string {
	t.Helper()
	parsed, err := url.Parse(at)
	require.NoError(t, err)
	return parsed.Path
}
