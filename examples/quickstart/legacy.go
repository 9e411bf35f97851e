package main

import (
	"fmt"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/secure"
)

// shown is the policy for the environ that /legacy/ prints. Cookies stay masked, and
// so does every other key that is not named here.
var shown = secure.Policy{
	Allow: []string{
		"HTTP_HOST", "PATH_INFO", "REMOTE_ADDR", "REMOTE_PORT", "REQUEST_METHOD", "SCRIPT_NAME",
		"SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE", "wsgi.version",
	},
	ShowMaskedKeys: true,
}

// legacy stands for an application that was Python. SCRIPT_NAME tells it where it is
// mounted, and PATH_INFO which of its pages is asked for.
func legacy(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	switch env.Get("REQUEST_METHOD") + " " + env.Get("PATH_INFO") {
	case "GET ", "GET /", "HEAD ", "HEAD /":
		return page(env, start)
	case "POST /upload":
		return upload(env, start)
	default:
		return text(start, "404 Not Found", "The old application has no such page.\n")
	}
}

var pageHTML = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<title>The old application</title>
<h1>The old application</h1>
<form action="{{.Get "SCRIPT_NAME"}}/upload" method="post" enctype="multipart/form-data">
<p><input type="file" name="file"> <button>Upload</button>
</form>
<p>The environ of your request. A plain print of it shows no more than this:
<pre style="white-space: pre-wrap">{{.}}</pre>
`))

func page(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	var html strings.Builder
	if err := pageHTML.Execute(&html, env); err != nil {
		return nil, err
	}
	_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/html; charset=utf-8"}})
	return adapter.Text(html.String()), err
}

// upload reads the form from wsgi.input while it arrives, so that a file of any size
// needs only a few kilobytes of memory.
func upload(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, params, err := mime.ParseMediaType(env.Get("CONTENT_TYPE"))
	if err != nil || params["boundary"] == "" {
		return text(start, "400 Bad Request", "This takes a multipart/form-data form.\n")
	}
	form := multipart.NewReader(env.Input(), params["boundary"])
	var report strings.Builder
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return text(start, "200 OK", report.String())
		}
		if err != nil {
			return text(start, "400 Bad Request", "The form is cut short or malformed.\n")
		}
		size, err := io.Copy(io.Discard, part)
		if err != nil {
			return text(start, "400 Bad Request", "The form is cut short or malformed.\n")
		}
		fmt.Fprintf(&report, "%s: %q, %d bytes\n", part.FormName(), part.FileName(), size)
	}
}

// notGoYet stands for the application that answers all requests without a Go route.
func notGoYet(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	return text(start, "200 OK", fmt.Sprintf("%s %q is not Go yet.\n", env.Get("REQUEST_METHOD"), env.Get("PATH_INFO")))
}

func text(start adapter.StartResponse, status, body string) (adapter.Body, error) {
	_, err := start(status, adapter.Headers{{"Content-Type", "text/plain; charset=utf-8"}})
	return adapter.Text(body), err
}
