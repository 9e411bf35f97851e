package secure

// Default is the policy of pywsgi's SecureEnviron: nothing is allowed, and the
// masked keys are named once something is.
var Default = Policy{ShowMaskedKeys: true}

// WSGI is the policy of pywsgi's WSGISecureEnviron: the client's address and
// the host it asked for are printed, the rest is only counted.
var WSGI = Policy{Allow: []string{"REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST"}}

// Policy says which values of an environ may be printed. The zero Policy masks
// everything: an environ under it prints as a count of its keys.
//
// A Policy is read whenever something is printed, from any goroutine; change a
// copy, not one that is in use.
type Policy struct {
	// Allow names the keys that are printed as they are (pywsgi's
	// whitelist_keys). Empty means none, and then only a count is printed.
	Allow []string

	// ShowMaskedKeys names the other keys too, each with <MASKED> for its
	// value (print_masked_keys). False means that they are only counted.
	ShowMaskedKeys bool

	// Off prints everything, for debugging (secure_repr = False). False
	// means that the other two fields hold.
	Off bool
}
