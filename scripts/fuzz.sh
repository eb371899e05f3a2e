#!/usr/bin/env bash
# Runs the fuzz targets that are named, or all, for MINUTES of CPU time each (30), JOBS of them at a time (1), and prints a table.
# The time is the processor's: a run that is paused, or shares its core, does the same work. Starts from the committed seeds and
# from what earlier runs left in fuzz/corpus/. Ends with 1 if anything was found; the smallest input that shows it is then in
# fuzz/artifacts/TARGET/. `KEEP=1` adds to the seeds what reaches further than they do.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${MINUTES:-30}
jobs=${JOBS:-1}
built=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
logs=fuzz/target/logs

# Twenty minutes for one input are a hang on any machine, however busy or paused. What is longer than the longest bound in a
# target only slows it down.
options=(-print_final_stats=1 -timeout=1200 -report_slow_units=1200 -rss_limit_mb=2048 -max_len=4096)

# Where a target's seeds lie: those that compare with another decoder have the seeds of ours.
seeds() {
  case $1 in
    official_socketio) echo fuzz/seeds/socketio_packet ;;
    official_engineio) echo fuzz/seeds/engineio_payload ;;
    official_*) echo "fuzz/seeds/${1#official_}" ;;
    *) echo "fuzz/seeds/$1" ;;
  esac
}

# A dictionary for whom one helps: its own, or that of its family.
dictionary() {
  local name
  for name in "$1" "${1%%_*}" "${1##*_}"; do
    [ ! -e "fuzz/dictionaries/$name.dict" ] || { echo "-dict=fuzz/dictionaries/$name.dict" && return; }
  done
}

# The CPU time in hundredths of a second of a process and of the judge that it may have started. Fails when it has ended.
cpu() {
  local fields process used=0
  [ -e "/proc/$1/stat" ] || return 1
  for process in "$1" $(pgrep -P "$1"); do
    read -r -a fields 2>/dev/null <"/proc/$process/stat" || continue
    used=$((used + (fields[13] + fields[14]) * 100 / $(getconf CLK_TCK)))
  done
  echo "$used"
}

# One target until its time is used up or it has found something.
run_one() {
  local target=$1 used=0 now pid
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  # shellcheck disable=SC2046 # no dictionary is no argument
  "$built/$target" "${options[@]}" $(dictionary "$target") -artifact_prefix="fuzz/artifacts/$target/" \
    "fuzz/corpus/$target" "$(seeds "$target")" >"$logs/$target" 2>&1 &
  pid=$!
  while now=$(cpu "$pid"); do
    used=$now
    [ "$used" -lt $((minutes * 6000)) ] || kill -TERM "$pid" 2>/dev/null || true
    sleep 2
  done
  wait "$pid" || true
  echo "$used" >"$logs/$target.cpu"
  minimise "$target"
}

# What was found, as small as a minute makes it.
minimise() {
  local find
  for find in fuzz/artifacts/"$1"/crash-*; do
    [ -e "$find" ] || continue
    "$built/$1" -minimize_crash=1 -max_total_time=60 -exact_artifact_path="fuzz/artifacts/$1/smallest" "$find" \
      >"$logs/$1.smallest" 2>&1 || true
  done
}

# A unit that was paused for long is called slow; one that is slow has timed out.
finds() { find "fuzz/artifacts/$1" -type f ! -name smallest ! -name 'slow-unit-*' | wc -l; }

# The last number behind some words in a target's log.
said() { grep -aoE "$2 +[0-9]+" "$logs/$1" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }

row() {
  local used edges
  used=$(<"$logs/$1.cpu")
  edges=$(sed -n 's/.*(\([0-9]*\) inline 8-bit counters).*/\1/p' "$logs/$1" | head -n 1)
  printf '| %-18s | %7d.%d | %12d | %15s | %5d |\n' "$1" $((used / 6000)) $((used % 6000 / 600)) \
    "$(said "$1" 'number_of_executed_units:')" "$(said "$1" 'cov:') of ${edges:-?}" "$(finds "$1")"
}

# What of the corpus reaches further than the seeds do, as few files as will.
keep() {
  "$built/$1" -set_cover_merge=1 -use_counters=0 "$(seeds "$1")" "fuzz/corpus/$1" >"$logs/$1.keep" 2>&1
}

if [ "${1:-}" = --seeds ]; then
  seeds "$2"
  exit
fi
scripts/need.sh rust node
command -v cargo-fuzz >/dev/null || { echo 'Missing: cargo-fuzz. Get it with: cargo install cargo-fuzz --locked' >&2; exit 1; }
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo fuzz list)
mkdir -p "$logs"
# The judge of the official parsers reads them from here.
scripts/install-packages.sh
# There is no unsafe code of ours for a sanitizer to watch, and without one the stable compiler will do.
cargo fuzz build --sanitizer none

running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$jobs" ]; then
    wait -n
    running=$((running - 1))
  fi
  run_one "$target" &
  running=$((running + 1))
done
wait

printf '| %-18s | %9s | %12s | %15s | %5s |\n' target 'CPU min' executions edges finds
printf '|---|--:|--:|--:|--:|\n'
found=0
for target in "${targets[@]}"; do
  row "$target"
  [ "$(finds "$target")" -eq 0 ] || found=1
  [ -z "${KEEP:-}" ] || keep "$target"
done
exit "$found"
