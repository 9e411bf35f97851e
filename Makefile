.PHONY: test lint ci

test: ## what the README says
	go test ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

ci: ## all that a change has to pass
	.ci/run
