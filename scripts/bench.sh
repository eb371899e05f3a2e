#!/usr/bin/env bash
# Builds the server, the load and the peers, runs the table, and draws docs/benchmarks.md with its plots. Flags go to
# `bench table`: --runs 5, --only fanout,flood.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh rust node
scripts/build-page.sh
cargo build --release --bin tidings --bin bench
cargo build --release --manifest-path bench/peers/socketioxide/Cargo.toml --locked
npm ci --prefix bench/peers/node

target/release/bench table "$@"
target/release/bench render
