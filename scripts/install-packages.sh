#!/usr/bin/env bash
# Installs the npm packages of the lock file, unless they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  npm ci
  cp package-lock.json "$installed"
fi
