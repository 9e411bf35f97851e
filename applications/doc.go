// Package applications runs Python applications that gowsgi's authors did not
// write, and a few that do what applications do, behind package python, at the
// root of a chi router and below a prefix. Each is used by a real client: hg, git,
// a CalDAV library, or a browser's requests. It has tests alone;
// docs/applications.md is the table of what they show.
//
// The Python packages stand in requirements.txt, with their versions. The first
// test installs them into a virtual environment in the user's cache.
package applications
