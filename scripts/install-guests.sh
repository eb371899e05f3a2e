#!/usr/bin/env bash
# Installs the Python packages of the foreign clients into a virtual environment of their own, unless they are there already.
set -euo pipefail
cd "$(dirname "$0")/../conformance/guests/python"

installed=.venv/.installed-requirements.txt
if ! cmp -s requirements.txt "$installed"; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
  cp requirements.txt "$installed"
fi
