#!/usr/bin/env bash
# Everything that CI runs, from a clean clone, with each step's duration. Stops at the first step that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

current=''
durations=()
trap '[ $? -eq 0 ] || echo "make test: failed in step: ${current}" >&2' EXIT

step() {
  current=$1
  local started=$SECONDS
  shift
  printf '\n== %s\n' "$current"
  "$@"
  durations+=("$(printf '%5d s  %s' $((SECONDS - started)) "$current")")
}

without_switches() {
  ! grep -aq CRASH_AT target/release/tidings
}

step 'set up' scripts/setup-tests.sh
step 'format' cargo fmt --check
step 'scripts' shellcheck scripts/*.sh .ci/run
step 'lints' cargo clippy --workspace --all-targets -- -D warnings
step 'page' scripts/build-page.sh
# The release binary, the load, the simulation, the judge of records, the echo server that foreign clients are let loose on, our
# decoders by themselves; other tests use the dev profile.
step 'release build' cargo build --release --bin tidings --bin bench --bin sim --bin history --example conformance --example verdict
step 'no switch of the tests in it' without_switches
step 'benchmarks, small' target/release/bench smoke
step 'simulation' target/release/sim --seeds 1000 --first 0
step 'Rust tests' cargo test --workspace --exclude interleave
step 'every order of steps' cargo test -p interleave
step 'bugs on purpose' cargo test --release -p sim --features planted --test planted
step 'TypeScript checks' npm run check --workspaces --if-present
step 'client tests' npm test -w client
step 'page tests' npm test -w web
step 'foreign client in Rust' scripts/build-guests.sh
step 'foreign clients and browser' npm test -w conformance
step 'tidy' cargo xtask tidy

printf '\nEverything passed:\n'
printf '%s\n' "${durations[@]}"
