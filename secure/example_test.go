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

func ExamplePolicy_Allows() {
	fmt.Println(secure.WSGI.Allows("REMOTE_ADDR"), secure.WSGI.Allows("HTTP_COOKIE"))
	// Output: true false
}

func ExamplePolicy_Append() {
	values := dict{"REMOTE_ADDR": "::1", "HTTP_COOKIE": "session=secret"}
	fmt.Printf("%s\n", secure.WSGI.Append(nil, "dict", values))
	// Output: {'REMOTE_ADDR': '::1', (hidden keys: 1)}
}

func ExamplePolicy_Shown() {
	values := dict{"REMOTE_ADDR": "::1", "HTTP_COOKIE": "session=secret"}
	policy := secure.Policy{Allow: []string{"REMOTE_ADDR"}, ShowMaskedKeys: true}
	for key, value := range policy.Shown(values) {
		fmt.Println(key, value)
	}
	// Output:
	// HTTP_COOKIE <MASKED>
	// REMOTE_ADDR ::1
}

func ExamplePolicy_Hidden() {
	values := dict{"REMOTE_ADDR": "::1", "HTTP_COOKIE": "session=secret"}
	fmt.Println(secure.WSGI.Hidden(values))
	// Output: 1
}
