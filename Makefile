.DEFAULT_GOAL := help
.PHONY: help test lint ci generate pictures bench peers

help: ## list what make can do here
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

test: ## run all tests
	go test ./...

lint: ## check the format, go.mod, go vet and staticcheck
	.ci/run gofmt tidy vet staticcheck

ci: ## run all that a change has to pass; it takes minutes
	.ci/run

generate: ## write docs/api.txt and docs/differences.md anew
	go generate ./...

pictures: docs/house.svg docs/request.svg ## draw the pictures of docs/design.md anew; needs graphviz

bench: ## measure what docs/cost.md shows; needs a machine that does nothing else
	cd bench && go run ./report && go run ./load

peers: ## measure gowsgi beside Python's servers; needs Linux and root for apt-get
	bench/peers/run

# A picture is drawn by graphviz from its .dot file and gets the colours in
# docs/pictures.css, those for a light page and those for a dark one.
docs/%.svg: docs/%.dot docs/pictures.css
	dot -Tsvg $< | awk '/^<g id="graph0"/ { print "<style>"; while ((getline line < "docs/pictures.css") > 0) print line; print "</style>" } { print }' > $@
