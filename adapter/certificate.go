package adapter

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gowsgi/gowsgi/environ"

	"github.com/gowsgi/gowsgi/internal/visible"
)

// certificateInterval is how long a certificate's files are not read again.
const certificateInterval = time.Second

// certificate is a certificate and its key in files, which may be replaced. It
// has no goroutine: a handshake reads the files, at most once a second, and
// compares what is in them. Times and inodes would not do, for a file can be
// written to after it was read and keep both.
type certificate struct {
	certFile, keyFile string
	errs              environ.ErrorStream
	pair              atomic.Pointer[tls.Certificate]

	mu     sync.Mutex // held by the one handshake that reads
	sum    [sha256.Size]byte
	next   time.Time // when to read again; zero for never
	failed bool      // and errs was told
}

// newCertificate reads the files. Those that are no regular files (a pipe) are
// never read again.
func newCertificate(certFile, keyFile string, errs environ.ErrorStream) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("adapter: serving TLS needs the names of a certificate file and of its key file, or certificates in HTTP.TLSConfig")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, errs: errs}
	pair, sum, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("adapter: reading the certificate %s and its key %s: %w", certFile, keyFile, err)
	}
	c.pair.Store(pair)
	c.sum = sum
	if c.regular() == nil {
		c.next = time.Now().Add(certificateInterval)
	}
	return c, nil
}

// current returns the pair in the files, or where that cannot be used the last
// one that could. It does not wait for another handshake that reads.
func (c *certificate) current() *tls.Certificate {
	if c.mu.TryLock() {
		if !c.next.IsZero() && !time.Now().Before(c.next) {
			c.renew()
			c.next = time.Now().Add(certificateInterval)
		}
		c.mu.Unlock()
	}
	return c.pair.Load()
}

// renew takes up what is in the files now. A failure is told once, until there
// is a good pair again.
func (c *certificate) renew() {
	pair, sum, err := c.read()
	if err != nil { // perhaps one file of the pair was read before it was replaced
		pair, sum, err = c.read()
	}
	if err != nil {
		if !c.failed {
			_, _ = c.errs.WriteString(fmt.Sprintf("adapter: the certificate %s and its key %s have changed and cannot be used, so the ones before stay in use: %s\n",
				visible.Text(c.certFile, ""), visible.Text(c.keyFile, ""), visible.Text(err.Error(), "")))
		}
		c.failed = true
		return
	}
	c.failed = false
	if pair != nil {
		c.pair.Store(pair)
		c.sum = sum
	}
}

// read returns the pair in the files and its sum; no pair where that is the sum
// of the one in use.
func (c *certificate) read() (*tls.Certificate, [sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	if c.pair.Load() != nil {
		if err := c.regular(); err != nil {
			return nil, sum, err
		}
	}
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return nil, sum, err
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return nil, sum, err
	}
	certSum, keySum := sha256.Sum256(cert), sha256.Sum256(key)
	if sum = sha256.Sum256(append(certSum[:], keySum[:]...)); sum == c.sum {
		return nil, sum, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, sum, err
	}
	return &pair, sum, nil
}

// regular makes sure that reading the files cannot block for ever.
func (c *certificate) regular() error {
	for _, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file", name)
		}
	}
	return nil
}

// tlsConfig is the server's TLSConfig with c in the place of its certificates. As
// in net/http, a GetCertificate that the program has set is asked first, where the
// client names a server.
func (s *Server) tlsConfig(c *certificate) (*tls.Config, error) {
	if err := s.setUpHTTP2(); err != nil {
		return nil, err
	}
	config := new(tls.Config)
	if s.HTTP.TLSConfig != nil {
		config = s.HTTP.TLSConfig.Clone()
	}
	config.NextProtos = s.nextProtos(config.NextProtos)
	config.Certificates = nil
	outer := config.GetCertificate
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if outer != nil && hello.ServerName != "" {
			if cert, err := outer(hello); cert != nil || err != nil {
				return cert, err
			}
		}
		return c.current(), nil
	}
	return config, nil
}

// noFile is the name of a file that no system can open.
const noFile = "\x00"

// setUpHTTP2 has net/http set up HTTP/2 for TLS. It does so in ServeTLS alone, for
// whatever TLSConfig, and before it reads the certificate; of which there is none.
func (s *Server) setUpHTTP2() error {
	err := s.HTTP.ServeTLS(nil, noFile, noFile)
	var unread *fs.PathError
	if errors.As(err, &unread) {
		return nil
	}
	return err
}

// nextProtos are the protocols to offer: the program's, but for those that the
// server does not speak, and with those that it does.
func (s *Server) nextProtos(given []string) []string {
	_, http2 := s.HTTP.TLSNextProto["h2"] // net/http has set it up
	http1 := true
	if p := s.HTTP.Protocols; p != nil {
		http1, http2 = p.HTTP1(), http2 && p.HTTP2()
	}
	protos := slices.Clone(given)
	for _, proto := range []struct {
		name   string
		spoken bool
	}{{"h2", http2}, {"http/1.1", http1}} {
		switch has := slices.Contains(protos, proto.name); {
		case proto.spoken && !has:
			protos = append(protos, proto.name)
		case has && !proto.spoken:
			protos = slices.DeleteFunc(protos, func(name string) bool { return name == proto.name })
		}
	}
	return protos
}
