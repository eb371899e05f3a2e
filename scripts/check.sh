#!/usr/bin/env bash
# The quick part of test.sh: formats, lints, types, the habits of the house.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh rust node
scripts/install-packages.sh
cargo fmt --check
cargo clippy --workspace --all-targets -- -D warnings
npm run build -w client
npm run check --workspaces --if-present
cargo xtask tidy
