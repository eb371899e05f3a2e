#!/usr/bin/env bash
# Names which of the given needs (rust, node) this machine does not meet, and how to meet them. Fails if any.
set -euo pipefail

missing=0
miss() {
  printf 'Missing: %s\n' "$1" >&2
  missing=1
}

node_is_new_enough() {
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
           process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}

rust_is_new_enough() {
  [[ $(rustc --version 2>/dev/null) =~ ^rustc\ ([0-9]+)\.([0-9]+) ]] || return 1
  (( BASH_REMATCH[1] > 1 || BASH_REMATCH[2] >= 95 ))
}

for need in "$@"; do
  case $need in
    rust)
      if ! command -v cargo >/dev/null; then
        miss 'Rust 1.95 or newer. Get it from https://rustup.rs'
      elif ! rust_is_new_enough; then
        miss "Rust 1.95 or newer; this is $(rustc --version 2>&1 | head -n 1). Get it with: rustup update, or from https://rustup.rs"
      fi
      command -v cc >/dev/null || miss 'a C compiler, which Rust links with. On Debian: apt-get install build-essential'
      ;;
    node)
      if ! command -v node >/dev/null; then
        miss 'Node 20.19 or newer. Get it from https://nodejs.org'
      elif ! node_is_new_enough; then
        miss "Node 20.19 or newer; this is $(node --version). Get it from https://nodejs.org"
      fi
      command -v npm >/dev/null || miss 'npm. It comes with Node; on Debian: apt-get install npm'
      ;;
    *) miss "$need" ;;
  esac
done
exit "$missing"
