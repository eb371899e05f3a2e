#!/usr/bin/env bash
# Sets up what the tests need beyond Rust and Node: Debian's packages where we may install them, else their names.
set -euo pipefail
cd "$(dirname "$0")/.."

# The browser and the fonts of its pictures; strace lets a disk fail; shellcheck reads these scripts; Python is one foreign
# client's, and OpenSSL's headers are what another one, in Rust, builds with.
packages=(chromium fonts-noto-color-emoji fonts-noto-core libssl-dev pkg-config python3 python3-venv shellcheck strace)
commands=(chromium pkg-config python3 shellcheck strace)

install_on_debian() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  echo "Installing ${missing[*]}"
  # The package lists may be absent or old: fetch them only then.
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return 0
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

name_what_is_missing() {
  local missing=() command
  for command in "${commands[@]}"; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Missing on the PATH: ${missing[*]}. On Debian, as root: apt-get install ${packages[*]}" >&2
  return 1
}

scripts/need.sh rust node
if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
  echo 'Missing: rustfmt and clippy. Get them with: rustup component add rustfmt clippy' >&2
  exit 1
fi
if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  install_on_debian
fi
name_what_is_missing
scripts/install-packages.sh
scripts/install-guests.sh
