//go:build unix

package applications

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestRadicale(t *testing.T) {
	data := t.TempDir()
	write(t, data, "config", []byte("[auth]\ntype = none\n[storage]\nfilesystem_folder = "+data+"/collections\n[logging]\nlevel = warning\n"))
	s := serve(t, python.Config{App: "radicale", Dir: data, Threads: 4, Env: []string{"RADICALE_CONFIG=" + filepath.Join(data, "config")}})

	everywhere(t, func(t *testing.T, at string) {
		t.Run("PROPFIND, MKCALENDAR, PUT, REPORT, DELETE", func(t *testing.T) {
			said := run(t, ".", nil, "python3", "radicale/client.py", s.URL+at+"/")
			want := []string{
				"principal " + at + "/ann/",
				`calendars ["Zoë's"]`,
				"events ['Küche', 'Lunch']",
				"first day ['Küche', 'Lunch']",
				"second day ['Küche']",
				"changed ['Dinner', 'Küche']",
				"deleted ['Küche']",
				"calendars []",
			}
			if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(said), "\n")); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("pages", func(t *testing.T) {
			b := s.browse(t, at+"/")
			b.shows(t, at+"/.web/", "<title>Radicale Web Interface</title>")
			b.open(t, "css/main.css")
			require.Equal(t, 200, b.answer.StatusCode)
		})
	})
}
