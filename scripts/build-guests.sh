#!/usr/bin/env bash
# Builds the guest that is written in Rust: a foreign client with dependencies of its own, apart from the product's.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --locked --manifest-path conformance/guests/rust/Cargo.toml
