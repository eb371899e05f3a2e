#!/usr/bin/env bash
# What the seeds and the corpus of each named fuzz target reach of our own code: edges, file by file, and the lines that nothing
# reached. For targets that scripts/fuzz.sh has built. It reads what libFuzzer counts, so it needs no other tools of LLVM than
# the compiler has; the lines are those of the debugging information, and inlined code counts where it was written.
set -euo pipefail
cd "$(dirname "$0")/.."

built=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release

# The line of each edge, in the order in which libFuzzer numbers them: its table holds addresses, which the loader fills in.
edges() {
  local start size end
  read -r start size < <(readelf -WS "$1" | sed -n 's/.*__sancov_pcs *PROGBITS *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\) .*/\1 \2/p')
  end=$(printf '%016x' $((0x$start + 0x$size)))
  readelf -Wr "$1" | awk -v start="$start" -v end="$end" '/RELATIV/ && $1 "" >= start && $1 "" < end { print $1, "0x" $NF }' |
    sort | cut -d ' ' -f 2 | addr2line -e "$1" | sed 's/ (discriminator.*//'
}

# The numbers of the edges that are reached.
reached() {
  local control inputs
  control=$(mktemp)
  inputs=("$(scripts/fuzz.sh --seeds "$1")")
  [ ! -d "fuzz/corpus/$1" ] || inputs+=("fuzz/corpus/$1")
  "$built/$1" -merge=1 -merge_control_file="$control" "$(mktemp -d)" "${inputs[@]}" >/dev/null 2>&1
  sed -n 's/^COV [0-9]*//p' "$control" | tr ' ' '\n' | grep .
}

for target in "$@"; do
  printf '\n%s\n' "$target"
  awk -v root="$PWD/" '
    NR == FNR { is_reached[$1] = 1; next }
    index($0, root "crates/") == 1 {
      split(substr($0, length(root) + 1), place, ":")
      all[place[1]]++
      if (FNR - 1 in is_reached) { some[place[1]]++; touched[$0] = 1 } else missed[$0] = place[1]
    }
    END {
      for (where in missed) if (!(where in touched)) { split(where, place, ":"); lines[missed[where]] = lines[missed[where]] " " place[2] }
      for (file in all) if (some[file] > 0)
        printf "  %4d of %4d  %-45s  not:%s\n", some[file], all[file], file, lines[file] == "" ? " -" : lines[file]
    }' <(reached "$target") <(edges "$built/$target") | sort -k 4
done
