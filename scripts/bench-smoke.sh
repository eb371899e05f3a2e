#!/usr/bin/env bash
# Every benchmark in a small size against the release binary, which is built if need be. Fails on a message that is lost,
# doubled or out of order; never on a time.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh rust node
[ -d web/dist ] || scripts/build-page.sh
cargo build --release --bin tidings --bin bench
target/release/bench smoke
