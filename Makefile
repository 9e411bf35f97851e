.PHONY: test lint bench ci

test: ## what the README says
	go test ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

bench: ## the table of docs/cost.md, with verdicts; wants a quiet machine
	cd bench && go run ./report && go run ./load

ci: ## all that a change has to pass
	.ci/run
