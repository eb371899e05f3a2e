#!/usr/bin/env bash
# Builds the simulation and runs worlds of it on all cores: --seeds 1000, --first 0. `--help` says what else.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh rust
cargo build --release --bin sim
exec target/release/sim "$@"
