package environ_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// issued is a certificate with its key.
type issued struct {
	tls.Certificate
	cert *x509.Certificate
}

// issue makes a certificate for name, signed by ca; a nil ca signs itself.
func issue(t *testing.T, serial int64, name pkix.Name, ca *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      name,
		NotBefore:    time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:     time.Date(2120, 12, 31, 23, 59, 59, 0, time.UTC),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		IsCA:         ca == nil, BasicConstraintsValid: true,
	}
	parent, signer := template, key
	if ca != nil {
		parent, signer = ca.cert, ca.PrivateKey.(*ecdsa.PrivateKey)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issued{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, cert}
}

func TestClientCertificates(t *testing.T) {
	ca := issue(t, 1, pkix.Name{CommonName: "Test CA", Organization: []string{"gowsgi"}}, nil)
	alice := issue(t, 0xC0FFEE, pkix.Name{CommonName: "Alice, of Wonderland", Organization: []string{"Cards"}, Country: []string{"GB"}}, ca)
	stranger := issue(t, 7, pkix.Name{CommonName: "Mallory"}, nil)
	verified := dict{
		"SSL_CLIENT_VERIFY":   "SUCCESS",
		"SSL_CLIENT_S_DN":     `CN=Alice\, of Wonderland,O=Cards,C=GB`,
		"SSL_CLIENT_S_DN_CN":  "Alice, of Wonderland",
		"SSL_CLIENT_I_DN":     "CN=Test CA,O=gowsgi",
		"SSL_CLIENT_M_SERIAL": "C0FFEE",
		"SSL_CLIENT_V_START":  "Jan  2 03:04:05 2020 GMT",
		"SSL_CLIENT_V_END":    "Dec 31 23:59:59 2120 GMT",
		"SSL_CLIENT_CERT":     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: alice.Certificate.Certificate[0]})),
	}
	for _, tt := range []struct {
		name  string
		auth  tls.ClientAuthType
		shown *issued
		want  dict
	}{
		{"none asked for", tls.NoClientCert, alice, dict{}},
		{"none given", tls.VerifyClientCertIfGiven, nil, dict{}},
		{"verified", tls.VerifyClientCertIfGiven, alice, verified},
		{"required", tls.RequireAndVerifyClientCert, alice, verified},
		{"given and not verified", tls.RequireAnyClientCert, stranger, dict{}},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{true: ", HTTP/2"}[http2], func(t *testing.T) {
				pool := x509.NewCertPool()
				pool.AddCert(ca.cert)
				all := served(t, func(srv *httptest.Server) {
					srv.EnableHTTP2 = http2
					srv.TLS = &tls.Config{ClientAuth: tt.auth, ClientCAs: pool}
					srv.StartTLS()
					if tt.shown != nil {
						withCertificate(srv, tt.shown.Certificate)
					}
				}, fetch(t))
				got := dict{}
				for key, value := range all {
					if strings.HasPrefix(key, "SSL_") {
						got[key] = value
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// Without TLS, or beside a verified certificate, an SSL_CLIENT_ key is what the
// base environ says, if it does: a proxy's word.
func TestClientCertificateOfAProxy(t *testing.T) {
	env := fromHandler(dict{"SSL_CLIENT_VERIFY": "SUCCESS", "SSL_CLIENT_S_DN_CN": "proxied"})
	got := mustSee(t, env, nil, get("/"), func(env *environ.Environ) [3]any {
		checkDict(t, env, "SSL_CLIENT_VERIFY")
		checkDict(t, env, "SSL_CLIENT_CERT")
		return [3]any{env.Value("SSL_CLIENT_VERIFY"), env.Get("SSL_CLIENT_S_DN_CN"), env.Value("SSL_CLIENT_CERT")}
	})
	require.Equal(t, [3]any{"SUCCESS", "proxied", nil}, got)
}
