package environ

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"time"
)

// The variables of a verified client certificate, named as Apache's mod_ssl
// names them.
const clientCertPrefix = "SSL_CLIENT_"

var clientCertNames = []string{
	"SSL_CLIENT_CERT", "SSL_CLIENT_I_DN", "SSL_CLIENT_M_SERIAL", "SSL_CLIENT_S_DN",
	"SSL_CLIENT_S_DN_CN", "SSL_CLIENT_VERIFY", "SSL_CLIENT_V_END", "SSL_CLIENT_V_START",
}

// openSSLTime is the form of the validity dates.
const openSSLTime = "Jan _2 15:04:05 2006 GMT"

func clientCertKeys(state *tls.ConnectionState) []string {
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	return clientCertNames
}

func clientCert(state *tls.ConnectionState, key string) (string, bool) {
	if len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return "", false
	}
	cert := state.VerifiedChains[0][0]
	switch key {
	case "SSL_CLIENT_VERIFY":
		return "SUCCESS", true
	case "SSL_CLIENT_S_DN":
		return cert.Subject.String(), true
	case "SSL_CLIENT_S_DN_CN":
		return cert.Subject.CommonName, true
	case "SSL_CLIENT_I_DN":
		return cert.Issuer.String(), true
	case "SSL_CLIENT_M_SERIAL":
		return fmt.Sprintf("%X", cert.SerialNumber), true
	case "SSL_CLIENT_V_START":
		return formatTime(cert.NotBefore), true
	case "SSL_CLIENT_V_END":
		return formatTime(cert.NotAfter), true
	case "SSL_CLIENT_CERT":
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})), true
	}
	return "", false
}

func formatTime(t time.Time) string { return t.UTC().Format(openSSLTime) }
