//go:build unix

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/help.txt")

// The help is what testdata/help.txt has; go test -run TestHelp -update writes it.
func TestHelp(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile("testdata/help.txt", []byte(usage()), 0o644))
	}
	want, err := os.ReadFile("testdata/help.txt")
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), usage()); diff != "" {
		t.Error(diff)
	}
}

func TestTLS(t *testing.T) {
	dir := appDir(t)
	cert := writeCertificate(t, dir)
	c := launch(t, dir, nil, "-b", "127.0.0.1:0", "--certfile", "cert.pem", "--keyfile", "key.pem", "app")
	base := c.base()
	require.True(t, strings.HasPrefix(base, "https://"), base)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	res, err := client.Get(base + "/environ/wsgi.url_scheme")
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "https", string(body))
	require.Equal(t, "HTTP/2.0", res.Proto)
}

func writeCertificate(t *testing.T, dir string) *x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

// A listener that the process is given, as systemd gives one.
func TestDescriptor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	file, err := l.(*net.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, l.Close())
	defer file.Close()
	c := &child{t: t, dir: appDir(t), cmd: exec.Command(os.Args[0], "-b", "fd://3", "app")}
	c.cmd.Env = append(os.Environ(), childEnv...)
	c.cmd.ExtraFiles = []*os.File{file}
	c.start()
	require.Equal(t, "http://"+l.Addr().String(), c.base())
	_, body := get(t, c.base()+"/")
	require.Equal(t, "Hello", body)
}

func TestReload(t *testing.T) {
	dir := appDir(t)
	c := launch(t, dir, nil, "-b", "127.0.0.1:0", "--reload", "app")
	base := c.base()
	changed := strings.ReplaceAll(application, "Hello", "Changed")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(changed), 0o644))
	require.Eventually(t, func() bool { _, body := get(t, base+"/"); return body == "Changed" }, patience, 50*time.Millisecond)
}

func TestMaxRequests(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "--max-requests", "3", "app")
	base := c.base()
	_, first := get(t, base+"/pid")
	require.Eventually(t, func() bool { _, pid := get(t, base+"/pid"); return pid != first }, patience, 20*time.Millisecond)
}

func TestMaxMemory(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "--max-memory", "100M", "app")
	base := c.base()
	_, first := get(t, base+"/pid")
	get(t, base+"/grow")
	require.Eventually(t, func() bool { _, pid := get(t, base+"/pid"); return pid != first }, patience, 20*time.Millisecond)
}

// Without -w, WEB_CONCURRENCY says how many workers there are.
func TestWebConcurrency(t *testing.T) {
	c := launch(t, appDir(t), []string{"WEB_CONCURRENCY=3"}, "-b", "127.0.0.1:0", "--status", "127.0.0.1:0", "app")
	_, figures := get(t, c.await(`Status at: (\S+)`)+"/?format=prometheus")
	require.Contains(t, figures, `gowsgi_workers{state="idle"} 3`)
}

// A stop gives requests the time of --graceful-timeout, and no more.
func TestGracefulTimeout(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "--graceful-timeout", "0.2", "app")
	base, mark := c.base(), filepath.Join(c.dir, "mark")
	answered := make(chan error, 1)
	go func() {
		res, err := http.Get(base + "/hang?" + mark)
		if err == nil && res.StatusCode == 200 {
			_, err = io.ReadAll(res.Body)
			answered <- err
			return
		}
		answered <- errors.New("no response")
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(mark); return err == nil }, patience, 5*time.Millisecond)
	c.signal(syscall.SIGTERM)
	require.Zero(t, c.code())
	require.Error(t, <-answered)
	require.Contains(t, c.output(), "gowsgi: requests in flight were cut off: ")
}

func TestTimeout(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "-t", "0.5", "app")
	status, _ := get(t, c.base()+"/hang?mark")
	require.Equal(t, 504, status)
	c.await("is killed: the application did not get on")
	c.await(" in application\n") // where it hung
}

func TestGeventAndPython(t *testing.T) {
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import gevent").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s has no gevent: %v", interpreter, err)
		}
		t.Skipf("NOT TESTED: %s has no gevent (Debian's python3-gevent): %v", interpreter, err)
	}
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "-k", "gevent", "--worker-connections", "50", "--python", interpreter, "app")
	for path, want := range map[string]string{"/environ/wsgi.multithread": "True", "/": "Hello"} {
		_, body := get(t, c.base()+path)
		require.Equal(t, want, body, path)
	}
}

func TestCombinedLog(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "--access-logfile", "-", "--access-logformat", "combined", "app")
	r, err := http.NewRequest("GET", c.base()+"/x?y", nil)
	require.NoError(t, err)
	r.Header.Set("User-Agent", `a "browser"`)
	r.Header.Set("Referer", "http://example.com/from?secret")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	res.Body.Close()
	c.await(`127\.0\.0\.1 - - \[[^]]+\] "GET /x\?y HTTP/1\.1" 200 5 "http://example\.com/from" "a \\"browser\\""\n`)
}

// Ranges and conditions work for static files, as with any http.FileServer.
func TestStatic(t *testing.T) {
	dir := appDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "files", "index"), 0o755))
	for name, text := range map[string]string{"a.txt": "0123456789", "index/index.html": "an index"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "files", name), []byte(text), 0o644))
	}
	c := launch(t, dir, nil, "-b", "127.0.0.1:0", "--static", "/static=files", "app")
	addr := strings.TrimPrefix(c.base(), "http://")
	for _, test := range []struct{ name, path, header, status, body string }{
		{"whole", "/static/a.txt", "", "200 OK", "0123456789"},
		{"range", "/static/a.txt", "Range: bytes=2-4", "206 Partial Content", "234"},
		{"not modified", "/static/a.txt", "If-Modified-Since: " + time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "304 Not Modified", ""},
		{"index", "/static/index/", "", "200 OK", "an index"},
		{"no listing", "/static/", "", "404 Not Found", "404 page not found\n"},
		{"above", "/static/../app.py", "", "404 Not Found", "404 page not found\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
			if test.header != "" {
				test.header += "\r\n"
			}
			_, err = conn.Write([]byte("GET " + test.path + " HTTP/1.1\r\nHost: x\r\n" + test.header + "Connection: close\r\n\r\n"))
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer res.Body.Close()
			require.Equal(t, test.status, res.Status)
			var body strings.Builder
			_, err = bufio.NewReader(res.Body).WriteTo(&body)
			require.NoError(t, err)
			require.Equal(t, test.body, body.String())
		})
	}
}

// A second signal does not wait for the requests that the first one waits for.
func TestSecondSignal(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "app")
	base, mark := c.base(), filepath.Join(c.dir, "mark")
	go func() {
		if res, err := http.Get(base + "/hang?" + mark); err == nil {
			res.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(mark); return err == nil }, patience, 5*time.Millisecond)
	c.signal(syscall.SIGTERM)
	c.await("Stopping")
	c.signal(syscall.SIGINT)
	require.Zero(t, c.code())
}
