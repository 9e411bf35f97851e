package adapter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// writePair writes a certificate with this serial number and its key.
func writePair(t *testing.T, serial int64, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
}

// TestCertificateEpisodes: files are read once a second at most, and each time
// that they go bad there is one line.
func TestCertificateEpisodes(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c\n.pem"), filepath.Join(dir, "k.pem")
	if runtime.GOOS == "windows" {
		cert = filepath.Join(dir, "c.pem")
	}
	writePair(t, 1, cert, key)
	synctest.Test(t, func(t *testing.T) {
		var logs strings.Builder
		c, err := newCertificate(cert, key, asStream(&logs))
		require.NoError(t, err)
		serial := func() int64 { return c.current().Leaf.SerialNumber.Int64() }
		lines := func() int { return strings.Count(logs.String(), "\n") }
		info, err := os.Stat(cert)
		require.NoError(t, err)

		writePair(t, 2, cert, key)
		require.NoError(t, os.Chtimes(cert, time.Time{}, info.ModTime()), "what tells is not the time")
		require.EqualValues(t, 1, serial(), "within a second")
		time.Sleep(time.Second)
		require.EqualValues(t, 2, serial())

		for episode := 1; episode <= 2; episode++ {
			require.NoError(t, os.WriteFile(key, []byte("half"), 0o600))
			time.Sleep(time.Second)
			require.EqualValues(t, 1+episode, serial())
			require.NoError(t, os.Remove(key))
			time.Sleep(time.Second)
			require.EqualValues(t, 1+episode, serial())
			require.Equal(t, episode, lines())
			writePair(t, int64(2+episode), cert, key)
			time.Sleep(time.Second)
			require.EqualValues(t, 2+episode, serial())
		}
		require.Equal(t, 2, lines(), "a name with a newline makes no third: %s", logs.String())

		require.NoError(t, os.Remove(key))
		require.NoError(t, os.Mkdir(key, 0o700))
		time.Sleep(time.Second)
		require.EqualValues(t, 4, serial())
		require.Contains(t, logs.String(), " is no regular file\n")
	})
}
