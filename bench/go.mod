module github.com/gowsgi/gowsgi/bench

go 1.26.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/gowsgi/gowsgi v0.0.0
	golang.org/x/sys v0.49.0
)

require (
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/gowsgi/gowsgi => ../
