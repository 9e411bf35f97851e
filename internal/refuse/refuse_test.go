package refuse

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFieldNames(t *testing.T) {
	tests := []struct{ given, want string }{
		{"Content-Type", "Content-Type"}, {"content-type", "Content-Type"},
		{"Content-Length", "Content-Length"}, {"content-length", "Content-Length"},
		{"Cache-Control", "Cache-Control"}, {"cache-control", "Cache-Control"},
		{"Location", "Location"}, {"location", "Location"},
		{"Set-Cookie", "Set-Cookie"}, {"set-cookie", "Set-Cookie"},
		{"Vary", "Vary"}, {"vary", "Vary"},
		{"X-Any", "X-Any"}, {"x-aNY", "X-Any"}, {"1", "1"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			got, err := Field(test.given, "value")
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	for _, name := range []string{"", "X A", "X\n", "X:", "\u00c4"} {
		_, err := Field(name, "value")
		require.Error(t, err, "%q", name)
	}
}
