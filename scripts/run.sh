#!/usr/bin/env bash
# Builds everything and serves it, open, on this machine only. Further flags go to `tidings serve`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh
exec target/release/tidings serve --dev "$@"
