# The menu. What each target does stands in the script of its name.
.PHONY: help run test check build page setup tidy sim bench bench-smoke fuzz

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

run: ## build page and server, then serve on this machine: http://localhost:3000 (ARGS=… for more flags)
	@scripts/run.sh $(ARGS)

test: ## everything that CI runs; sets up what it needs
	@scripts/test.sh

check: ## formats, lints, types, tidy: the quick part of test
	@scripts/check.sh

build: ## the release binary with the page in it: target/release/tidings
	@scripts/build.sh

page: ## the client and the chat page, as the binary embeds them
	@scripts/build-page.sh

setup: ## install what the tests need, or name it
	@scripts/setup-tests.sh

tidy: ## the dependency law, the habits, the documents
	@cargo xtask tidy

sim: ## worlds of the deterministic simulation, on all cores: SEEDS=1000 FIRST=0
	@scripts/sim.sh --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0)

bench: ## the whole table of benchmarks, side by side with its peers; about half an hour
	@scripts/bench.sh

bench-smoke: ## every benchmark in a small size, for what is lost, not for what it costs
	@scripts/bench-smoke.sh

fuzz: ## every fuzz target for MINUTES of CPU time (30), with a table; names in TARGETS
	@scripts/fuzz.sh $(TARGETS)
