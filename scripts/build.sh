#!/usr/bin/env bash
# Builds target/release/tidings with the chat page in it.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh rust node
scripts/build-page.sh
cargo build --release --bin tidings
