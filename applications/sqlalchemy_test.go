//go:build unix

package applications

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestSQLAlchemy(t *testing.T) {
	s := serve(t, python.Config{App: "ledger:app", Dir: "sqlalchemy", Threads: 6, Env: []string{"LEDGER=" + filepath.Join(t.TempDir(), "ledger.sqlite3")}})

	everywhere(t, func(t *testing.T, at string) {
		ann := s.browse(t, at+"/")
		ann.send(t, at+"/accounts", values("name", "a", "name", "b", "name", "c"))
		ann.shows(t, at+"/accounts", "created")
		// There are more threads than connections in the pool.
		t.Run("transfers from many threads", func(t *testing.T) {
			var group sync.WaitGroup
			var done, refused atomic.Int64
			for n := range 16 {
				group.Go(func() {
					for i := range 5 {
						response, err := http.PostForm(s.URL+at+"/transfers", values(
							"source", string("abc"[(n+i)%3]), "target", string("abc"[(n+i+1)%3]), "cents", fmt.Sprint(100*n)))
						if err != nil {
							t.Error(err)
							return
						}
						_ = response.Body.Close()
						switch response.StatusCode {
						case 200:
							done.Add(1)
						case 409:
							refused.Add(1)
						default:
							t.Error(response.Status)
						}
					}
				})
			}
			group.Wait()
			require.Equal(t, int64(80), done.Load()+refused.Load())
			require.Positive(t, refused.Load())
		})
		t.Run("nothing is lost", func(t *testing.T) {
			ann.open(t, at+"/total")
			require.JSONEq(t, `{"cents": 3000, "accounts": 3}`, ann.page)
		})
	})
}
