package environ

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// textOf returns the value of key as a string, and whether it has one: a
// string, or an integer under a key that PEP 3333 wants a string for.
func textOf(key string, value any) (string, bool) {
	if s, ok := value.(string); ok || value == nil || strings.Contains(key, ".") {
		return s, ok
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	}
	return "", false
}

// inputReader returns the value of wsgi.input as a reader, nil for none.
func inputReader(value any) io.Reader {
	switch v := value.(type) {
	case nil:
		return nil
	case io.Reader:
		return v
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.String:
		return strings.NewReader(v.String())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return bytes.NewReader(v.Bytes())
	}
	return noReader{value}
}

// noReader is a value of wsgi.input that cannot be read.
type noReader struct{ value any }

func (n noReader) Read([]byte) (int, error) { return 0, n.err() }

func (n noReader) err() error {
	return fmt.Errorf("environ: wsgi.input is a %T: it has to be an io.Reader, a []byte or a string", n.value)
}
