package adapter_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// pair is a certificate and its key, as files have them.
type pair struct{ cert, key []byte }

// issue makes a certificate for name, signed by ca; a nil ca signs itself.
func issue(t *testing.T, name string, ca *pair) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xC0FFEE),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:     time.Date(2120, 12, 31, 23, 59, 59, 0, time.UTC),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:     []string{"app.test"},
		IsCA:         ca == nil, BasicConstraintsValid: true,
	}
	parent, signer := template, key
	if ca != nil {
		both, err := tls.X509KeyPair(ca.cert, ca.key)
		require.NoError(t, err)
		parent, signer = both.Leaf, both.PrivateKey.(*ecdsa.PrivateKey)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

func (p pair) tls(t *testing.T) tls.Certificate {
	t.Helper()
	both, err := tls.X509KeyPair(p.cert, p.key)
	require.NoError(t, err)
	return both
}

func (p pair) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.cert)
	return pool
}

// files are the names of a certificate's file and its key's.
type files struct{ cert, key string }

func (p pair) write(t *testing.T, dir string) files {
	t.Helper()
	f := files{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	require.NoError(t, os.WriteFile(f.cert, p.cert, 0o600))
	require.NoError(t, os.WriteFile(f.key, p.key, 0o600))
	return f
}

// serveTLS runs srv on loopback until the test ends and returns its address.
func serveTLS(t *testing.T, srv *adapter.Server, f files) string {
	t.Helper()
	srv.HTTP.Addr = "127.0.0.1:0"
	found, done := make(chan string, 1), make(chan error, 1)
	srv.OnListen = func(addr net.Addr) { found <- addr.String() }
	go func() { done <- srv.ListenAndServeTLS(f.cert, f.key) }()
	select {
	case addr := <-found:
		t.Cleanup(func() {
			require.NoError(t, srv.Close())
			require.ErrorIs(t, <-done, http.ErrServerClosed)
		})
		return addr
	case err := <-done:
		require.NoError(t, err)
		return ""
	}
}

// tlsClient has a handshake for each request, over HTTP/1.1 or HTTP/2.
func tlsClient(config *tls.Config, http2 bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP2(http2)
	transport.Protocols.SetHTTP1(!http2)
	return &http.Client{Transport: transport, Timeout: 3 * wiretest.Patience}
}

var bothProtocols = map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true}

// presented is the name in the certificate that the server on addr shows now.
func presented(t *testing.T, addr, serverName string) string {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, ServerName: serverName})
	require.NoError(t, err)
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// comes waits until the server on addr shows the certificate for name.
func comes(t *testing.T, addr, name string) {
	t.Helper()
	require.Eventually(t, func() bool { return presented(t, addr, "") == name }, 3*wiretest.Patience, 20*time.Millisecond)
}

// TestListenAndServeTLS: HTTP/1.1 and HTTP/2, with and without a TLSConfig.
func TestListenAndServeTLS(t *testing.T) {
	own := issue(t, "own", nil)
	f := own.write(t, t.TempDir())
	for name, config := range map[string]*tls.Config{
		"no TLSConfig": nil, "an empty one": {}, "protocols of its own": {NextProtos: []string{"acme-tls/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := adapter.NewServer("", show)
			srv.Log, srv.HTTP.TLSConfig = io.Discard, config
			addr := serveTLS(t, srv, f)
			for proto, http2 := range bothProtocols {
				client := tlsClient(&tls.Config{RootCAs: own.pool()}, http2)
				require.Equal(t, "SERVER_PROTOCOL="+proto+" wsgi.url_scheme=https HTTPS=on SERVER_NAME=127.0.0.1 ",
					fetch(t, client, "https://"+addr+"/?SERVER_PROTOCOL,wsgi.url_scheme,HTTPS,SERVER_NAME"))
			}
		})
	}
	t.Run("HTTP/1.1 alone", func(t *testing.T) {
		srv := adapter.NewServer("", show)
		srv.Log, srv.HTTP.Protocols = io.Discard, new(http.Protocols)
		srv.HTTP.Protocols.SetHTTP1(true)
		srv.HTTP.TLSConfig = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
		c, err := tls.Dial("tcp", serveTLS(t, srv, f), &tls.Config{RootCAs: own.pool(), NextProtos: []string{"h2", "http/1.1"}})
		require.NoError(t, err)
		defer c.Close()
		require.Equal(t, "http/1.1", c.ConnectionState().NegotiatedProtocol)
	})
}

func TestListenAndServeTLSRefuses(t *testing.T) {
	f := issue(t, "own", nil).write(t, t.TempDir())
	other := issue(t, "other", nil).write(t, t.TempDir())
	for _, tt := range []struct {
		name      string
		cert, key string
		config    *tls.Config
		want      string
	}{
		{"no files", "", "", nil, "adapter: serving TLS needs the names of a certificate file and of its key file, or certificates in HTTP.TLSConfig"},
		{"one file", f.cert, "", nil, "adapter: serving TLS needs the names of "},
		{"no such file", f.cert + "x", f.key, nil, "adapter: reading the certificate " + f.cert + "x and its key " + f.key + ": open "},
		{"another's key", f.cert, other.key, nil, "private key does not match public key"},
		{"no cipher for HTTP/2", f.cert, f.key, &tls.Config{
			CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}, MaxVersion: tls.VersionTLS12,
		}, "missing an HTTP/2-required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := adapter.NewServer("127.0.0.1:0", show)
			srv.HTTP.TLSConfig = tt.config
			srv.OnListen = func(net.Addr) { t.Error("a listener that never accepts was announced") }
			require.ErrorContains(t, srv.ListenAndServeTLS(tt.cert, tt.key), tt.want)
		})
	}
}

// TestClientCertificate: over a server with a client CA, the environ has the
// certificate that was verified.
func TestClientCertificate(t *testing.T) {
	ca, own := issue(t, "Test CA", nil), issue(t, "own", nil)
	alice, stranger := issue(t, "alice", &ca), issue(t, "mallory", nil)
	srv := adapter.NewServer("", show)
	srv.Log, srv.ErrorLog = io.Discard, io.Discard
	srv.HTTP.TLSConfig = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()}
	addr := serveTLS(t, srv, own.write(t, t.TempDir()))
	for proto, http2 := range bothProtocols {
		t.Run(proto, func(t *testing.T) {
			client := tlsClient(&tls.Config{RootCAs: own.pool(), Certificates: []tls.Certificate{alice.tls(t)}}, http2)
			require.Equal(t, "SSL_CLIENT_VERIFY=SUCCESS SSL_CLIENT_S_DN_CN=alice SSL_CLIENT_I_DN=CN=Test CA SSL_CLIENT_M_SERIAL=C0FFEE SERVER_PROTOCOL="+proto+" ",
				fetch(t, client, "https://"+addr+"/?SSL_CLIENT_VERIFY,SSL_CLIENT_S_DN_CN,SSL_CLIENT_I_DN,SSL_CLIENT_M_SERIAL,SERVER_PROTOCOL"))
			for name, certificates := range map[string][]tls.Certificate{"none": nil, "another CA's": {stranger.tls(t)}} {
				_, err := tlsClient(&tls.Config{RootCAs: own.pool(), Certificates: certificates}, http2).Get("https://" + addr)
				require.Error(t, err, name)
			}
		})
	}
}

// TestCertificateReplaced: new files are taken up while requests go on, over both
// protocols, and none of these fails.
func TestCertificateReplaced(t *testing.T) {
	ca := issue(t, "Test CA", nil)
	first, second := issue(t, "first", &ca), issue(t, "second", &ca)
	dir := t.TempDir()
	f := first.write(t, dir)
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("", func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text("served"), err
	})
	srv.Log, srv.ErrorLog = io.Discard, logs
	addr := serveTLS(t, srv, f)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	defer load.Wait()
	defer stop()
	for _, http2 := range bothProtocols {
		client := tlsClient(&tls.Config{RootCAs: ca.pool()}, http2)
		load.Go(func() {
			for ctx.Err() == nil {
				res, err := client.Get("https://" + addr)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || string(body) != "served" {
					t.Errorf("%q, %v", body, err)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	require.Equal(t, "first", presented(t, addr, ""))

	// The certificate is there, its key is not yet.
	require.NoError(t, os.WriteFile(f.cert+".new", second.cert, 0o600))
	require.NoError(t, os.Rename(f.cert+".new", f.cert))
	line := logs.Wait(t, "\n")
	require.Equal(t, "adapter: the certificate "+f.cert+" and its key "+f.key+
		" have changed and cannot be used, so the ones before stay in use: tls: private key does not match public key\n", line)
	require.Equal(t, "first", presented(t, addr, ""))
	require.NoError(t, os.WriteFile(f.key, second.key[:len(second.key)/2], 0o600))
	require.Equal(t, "first", presented(t, addr, ""))
	require.NoError(t, os.WriteFile(f.key, second.key, 0o600))
	comes(t, addr, "second")
	require.Equal(t, 1, strings.Count(logs.String(), "\n"), logs)
}

// TestCertificateLinks: as Kubernetes does it, one link changes, and both files
// are others; as certbot does it, each is a link. Neither is an error.
func TestCertificateLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"1", "2"} {
		require.NoError(t, os.Mkdir(at(name), 0o700))
		issue(t, name, nil).write(t, at(name))
	}
	link := func(target, name string) {
		if err := os.Symlink(target, at("new")); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
		require.NoError(t, os.Rename(at("new"), at(name)))
	}
	link("1", "..data")
	link(filepath.Join("..data", "tls.crt"), "tls.crt")
	link(filepath.Join("..data", "tls.key"), "tls.key")
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("", show)
	srv.Log, srv.ErrorLog = io.Discard, logs
	addr := serveTLS(t, srv, files{at("tls.crt"), at("tls.key")})
	require.Equal(t, "1", presented(t, addr, ""))
	link("2", "..data")
	comes(t, addr, "2")
	require.Empty(t, logs.String())
}

// TestCertificateOfTheProgram: its TLSConfig is not changed, and its
// GetCertificate is asked first for the names that clients give.
func TestCertificateOfTheProgram(t *testing.T) {
	inFile, named, other := issue(t, "file", nil), issue(t, "named", nil).tls(t), issue(t, "other", nil).tls(t)
	srv := adapter.NewServer("", show)
	srv.Log, srv.ErrorLog = io.Discard, io.Discard
	config := &tls.Config{Certificates: []tls.Certificate{other}, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "named.test" {
			return &named, nil
		}
		return nil, nil
	}}
	srv.HTTP.TLSConfig = config
	addr := serveTLS(t, srv, inFile.write(t, t.TempDir()))
	require.Equal(t, "named", presented(t, addr, "named.test"))
	require.Equal(t, "file", presented(t, addr, "app.test"))
	require.Equal(t, "file", presented(t, addr, ""))
	require.Len(t, config.Certificates, 1)

	bare := adapter.NewServer("", show)
	bare.Log, bare.ErrorLog, bare.HTTP.TLSConfig = io.Discard, io.Discard, config
	addr = serveTLS(t, bare, files{})
	require.Equal(t, "named", presented(t, addr, "named.test"))
	require.Equal(t, "other", presented(t, addr, "app.test"))
}

// TestCertificatesOfTwoListeners: each has the pair that it was given.
func TestCertificatesOfTwoListeners(t *testing.T) {
	srv := adapter.NewServer("", show)
	srv.Log, srv.ErrorLog = io.Discard, io.Discard
	var all sync.WaitGroup
	defer all.Wait()
	defer srv.Close()
	for _, name := range []string{"one", "two"} {
		f := issue(t, name, nil).write(t, t.TempDir())
		l := listen(t, "127.0.0.1:0")
		all.Go(func() { _ = srv.ServeTLS(l, f.cert, f.key) })
		require.Equal(t, name, presented(t, l.Addr().String(), ""))
	}
}
