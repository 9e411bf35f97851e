package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
)

// beMain is an environment variable that makes the test binary run the example.
const beMain = "GOWSGI_QUICKSTART_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestRoutes(t *testing.T) {
	quickstart := live.Start(t, run)
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/new", 200, "This is Go.\n"},
		{"GET", "/hello/Ann", 200, "Hello, \"Ann\". This is Go.\n"},
		{"GET", "/legacy/nothing", 404, "The old application has no such page.\n"},
		{"GET", "/", 200, "GET \"/\" is not Go yet.\n"},
		{"GET", "/anything/else?a=1", 200, "GET \"/anything/else\" is not Go yet.\n"},
		{"POST", "/new", 200, "POST \"/new\" is not Go yet.\n"},
		{"GET", "/legacys", 200, "GET \"/legacys\" is not Go yet.\n"},
		{"POST", "/legacy/upload", 400, "This takes a multipart/form-data form.\n"},
		{"HEAD", "/new", 200, ""},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			status, body := request(t, test.method, quickstart.URL+test.path)
			require.Equal(t, test.status, status)
			require.Equal(t, test.body, body)
		})
	}
	quickstart.AwaitOutput(t, `127.0.0.1 - - [`)
	quickstart.AwaitOutput(t, `"GET /anything/else?a=1 HTTP/1.1" 200 36 `)
}

func TestPageShowsTheMaskedEnviron(t *testing.T) {
	quickstart := live.Start(t, run)
	for _, path := range []string{"/legacy", "/legacy/"} {
		r, err := http.NewRequest("GET", quickstart.URL+path+"?q=hush", nil)
		require.NoError(t, err)
		r.Header.Set("Cookie", "session=hush")
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		page := string(body)
		require.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
		require.Contains(t, page, `<form action="/legacy/upload" method="post" enctype="multipart/form-data">`)
		require.Contains(t, page, `&#39;HTTP_COOKIE&#39;: &#39;&lt;MASKED&gt;&#39;`)
		require.Contains(t, page, `&#39;SCRIPT_NAME&#39;: &#39;/legacy&#39;`)
		require.NotContains(t, page, "hush")
	}
}

func TestUploadInBoundedMemory(t *testing.T) {
	const size = 50 << 20
	quickstart := live.Start(t, run)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	status, body := send(t, quickstart.URL, size)
	runtime.ReadMemStats(&after)
	require.Equal(t, 200, status)
	require.Equal(t, fmt.Sprintf("file: \"<big>.bin\", %d bytes\n", size), body)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "client and server together")
}

func TestUploadCutShort(t *testing.T) {
	quickstart := live.Start(t, run)
	conn, err := net.Dial("tcp", quickstart.Addr())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /legacy/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\n\r\n"+
		"--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nhel")
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n")
	require.Contains(t, string(answer), "The form is cut short or malformed.\n")
}

func TestStopWaitsForRequestsInFlight(t *testing.T) {
	quickstart := live.Start(t, run)
	half := strings.Repeat("x", 1000)
	conn, err := net.Dial("tcp", quickstart.Addr())
	require.NoError(t, err)
	defer conn.Close()
	form := "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + half + half + "\r\n--b--\r\n"
	fmt.Fprintf(conn, "POST /legacy/upload HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\n\r\n", len(form))
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line, "the application reads: the request is in flight")

	quickstart.Cancel()
	for { // the listener closes; the request goes on
		other, err := net.Dial("tcp", quickstart.Addr())
		if err != nil {
			break
		}
		other.Close()
	}
	fmt.Fprint(conn, form)
	answer, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Contains(t, string(answer), `file: "a", 2000 bytes`)
	require.NoError(t, quickstart.Stop())
	require.Contains(t, quickstart.Output(), "Stopped.\n")
}

func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process can be sent an interrupt on Windows")
	}
	program := exec.Command(os.Args[0], "-addr", "127.0.0.1:0")
	program.Env = append(os.Environ(), beMain+"=1")
	var stderr bytes.Buffer
	program.Stderr = &stderr
	stdout, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	reader := bufio.NewReader(stdout)
	first, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "Listening; Ctrl-C stops. Try:\n", first)
	require.NoError(t, program.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.NoError(t, program.Wait())
	require.True(t, strings.HasSuffix(string(rest), "Stopped.\n"), string(rest))
	require.Empty(t, stderr.String())
}

func request(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(all)
}

// send uploads a form with a file of size bytes, which it makes while it sends it.
func send(t *testing.T, url string, size int64) (status int, body string) {
	t.Helper()
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		file, err := form.CreateFormFile("file", "<big>.bin")
		if err == nil {
			_, err = io.CopyN(file, zeros{}, size)
		}
		writer.CloseWithError(errors.Join(err, form.Close()))
	}()
	response, err := http.Post(url+"/legacy/upload", form.FormDataContentType(), reader)
	require.NoError(t, err)
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(all)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
