//go:build unix

package applications

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

const password = "correct horse battery staple"

func TestDjango(t *testing.T) {
	data := t.TempDir()
	env := []string{
		"DJANGO_SETTINGS_MODULE=library.settings", "LIBRARY_DATA=" + data, "LIBRARY_SECRET=" + rand.Text(),
		"DJANGO_SUPERUSER_PASSWORD=" + password, "PYTHONPATH=.", "PYTHONDONTWRITEBYTECODE=1",
	}
	run(t, "django", env, "django-admin", "migrate", "--run-syncdb", "--verbosity", "0")
	run(t, "django", env, "django-admin", "collectstatic", "--noinput", "--verbosity", "0")
	run(t, "django", env, "django-admin", "createsuperuser", "--noinput", "--username", "ann", "--email", "ann@example.com")
	s := serve(t, python.Config{App: "django.core.wsgi:get_wsgi_application()", Dir: "django", Threads: 2, Env: env})
	for _, folder := range []string{"static", "media"} {
		s.Router.Handle("/"+folder+"/*", http.StripPrefix("/"+folder, http.FileServer(http.Dir(filepath.Join(data, folder)))))
	}

	everywhere(t, func(t *testing.T, at string) {
		admin, books := at+"/admin/", at+"/admin/library/book/"
		ann := s.browse(t, admin)
		t.Run("log in", func(t *testing.T) {
			login := admin + "login/?next=" + admin
			ann.shows(t, login)
			ann.send(t, login, values("username", "ann", "password", "wrong"))
			ann.shows(t, login, "Please enter the correct username and password")
			ann.send(t, login, values("username", "ann", "password", password))
			ann.shows(t, admin, "<title>Site administration | Django site admin</title>", `href="`+books+`add/"`)
		})
		t.Run("CSRF", func(t *testing.T) {
			mallory := s.browse(t, admin)
			mallory.send(t, "", values("csrfmiddlewaretoken", strings.Repeat("a", 64), "username", "ann", "password", password))
			require.Equal(t, 403, mallory.answer.StatusCode)
			require.Contains(t, mallory.page, "CSRF verification failed. Request aborted.")
		})
		t.Run("add", func(t *testing.T) {
			ann.open(t, books+"add/")
			ann.send(t, "", values("title", "", "_save", "Save"))
			ann.shows(t, books+"add/", "Please correct the error below.", "This field is required.")
			ann.send(t, "", values("title", "Zoë & <Ann>", "_save", "Save"))
			ann.shows(t, books, "1 book")
		})
		t.Run("messages", func(t *testing.T) {
			require.Regexp(t, `(?s)<li class="success">.*Zoë &amp; &lt;Ann&gt;</a>.*was added successfully\.`, ann.page)
			ann.open(t, books)
			require.NotContains(t, ann.page, "was added successfully.", "a message is shown once")
		})
		t.Run("change", func(t *testing.T) {
			ann.open(t, ann.link(t, "Zoë &amp; &lt;Ann&gt;"))
			ann.send(t, "", values("title", "Middlemarch", "_save", "Save"))
			ann.shows(t, books, "was changed successfully.", ">Middlemarch</a>")
		})
		// Django keeps a file of more than 2.5 MB on disk while it comes in.
		t.Run("upload", func(t *testing.T) {
			for _, size := range []int{100, 5 << 20} {
				cover := noise(size, 1)
				ann.open(t, books)
				ann.open(t, ann.link(t, "Middlemarch"))
				ann.upload(t, "", values("title", "Middlemarch", "_continue", "Save and continue editing"), "cover", "küche.bin", cover)
				require.Contains(t, ann.page, "was changed successfully.")
				stored := regexp.MustCompile(`href="(/media/covers/[^"]+)"`).FindStringSubmatch(ann.page)
				require.NotNil(t, stored, ann.page)
				change := ann.answer.Request.URL.Path
				ann.open(t, stored[1])
				require.Equal(t, sha256.Sum256(cover), sha256.Sum256([]byte(ann.page)), "Go serves the file")
				name, err := url.PathUnescape(strings.TrimPrefix(stored[1], "/media/"))
				require.NoError(t, err)
				require.FileExists(t, filepath.Join(data, "media", name))
				ann.open(t, change)
			}
		})
		t.Run("sessions", func(t *testing.T) {
			stranger := s.browse(t, books)
			stranger.shows(t, admin+"login/?next="+books)
			for range 6 { // either worker knows her
				ann.open(t, books)
				ann.shows(t, books, "<strong>ann</strong>")
			}
		})
		t.Run("delete", func(t *testing.T) {
			ann.open(t, ann.link(t, "Middlemarch"))
			ann.open(t, ann.link(t, "Delete"))
			ann.send(t, "", values("post", "yes"))
			ann.shows(t, books, "was deleted successfully.", "0 books")
		})
		t.Run("log out", func(t *testing.T) {
			ann.send(t, admin+"logout/", nil)
			ann.shows(t, admin+"logout/", "Thanks for spending some quality time with the web site today.")
			ann.open(t, admin)
			ann.shows(t, admin+"login/?next="+admin)
		})
		t.Run("static files", func(t *testing.T) {
			files := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(ann.page, -1)
			require.Greater(t, len(files), 5)
			for _, file := range files {
				ann.open(t, file[1])
				want, err := os.ReadFile(filepath.Join(data, file[1]))
				require.NoError(t, err)
				require.Equal(t, string(want), ann.page, file[1])
			}
		})
		t.Run("errors", func(t *testing.T) {
			ann.open(t, at+"/nothing")
			require.Equal(t, 404, ann.answer.StatusCode)
			require.Contains(t, ann.page, "<title>Not Found</title>")
		})
	})
}
