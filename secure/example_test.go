package secure_test

import (
	"fmt"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/secure"
)

func Example() {
	env := environ.New(map[string]any{"REMOTE_ADDR": "::1", "HTTP_AUTHORIZATION": "secret"})
	for _, policy := range []secure.Policy{
		secure.WSGI, // what every environ starts with
		secure.Default,
		{Allow: []string{"REMOTE_ADDR"}, ShowMaskedKeys: true},
		{Off: true},
	} {
		env.SetPolicy(policy)
		fmt.Println(env)
	}
	// Output:
	// {'REMOTE_ADDR': '::1', (hidden keys: 1)}
	// <environ.Environ (keys: 2)>
	// {'HTTP_AUTHORIZATION': '<MASKED>', 'REMOTE_ADDR': '::1'}
	// {'HTTP_AUTHORIZATION': 'secret', 'REMOTE_ADDR': '::1'}
}
