#!/bin/sh
# Runs this program and the yardstick (tight C loops with FFTW) on the same files, turn by turn, and prints the table of
# CPU seconds (user + system of the whole process, median) and their ratio.
#
# usage: benches/yardstick.sh YARDSTICK_FOLDER [WORK_FOLDER] [RUNS]
#   YARDSTICK_FOLDER  holds limit_welch.c and limit_scope.c
#   WORK_FOLDER       takes the material, 4 GiB (default: a new temporary folder, removed afterwards)
#   RUNS              runs of each side (default 5)
# Needs a C compiler, FFTW in single precision (libfftw3-dev) and GNU time (/usr/bin/time).
set -eu

yardstick=${1:?usage: benches/yardstick.sh YARDSTICK_FOLDER [WORK_FOLDER] [RUNS]}
runs=${3:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -n "${2:-}" ]; then
    work=$2
    mkdir -p "$work"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi

cc=${CC:-cc}
"$cc" -O3 -march=native -o "$work/limit_welch" "$yardstick/limit_welch.c" -lfftw3f -lm -lpthread
"$cc" -O3 -march=native -o "$work/limit_scope" "$yardstick/limit_scope.c" -lfftw3f -lm
(cd "$root" && cargo build --release --quiet -p faultscope-cli && cargo build --release --quiet -p faultscope-benches --examples)
ours=$root/target/release/faultscope
material=$root/target/release/examples/material

for kind in cu8 cs16 cf32; do
    [ -s "$work/long.$kind" ] || "$material" "$kind" 1073741824 "$work/long.$kind"
    [ -s "$work/short.$kind" ] || "$material" "$kind" 1048576 "$work/short.$kind"
done
[ -s "$work/picture.cu8" ] || head -c 268435456 "$work/long.cu8" >"$work/picture.cu8"
[ -s "$work/scope.wav" ] || "$material" wav 268435456 "$work/scope.wav"
[ -s "$work/scope.csv" ] || "$material" csv 10000000 "$work/scope.csv"
cd "$work"

# CPU seconds and peak KiB of one run, appended to a file.
once() {
    into=$1
    shift
    /usr/bin/time -a -o "$into" -f '%U %S %M' "$@" >/dev/null 2>&1
}

middle() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# name, then our command and the yardstick's, each one string of words.
compare() {
    name=$1
    : >a.times
    : >b.times
    i=0
    while [ "$i" -le "$runs" ]; do
        # shellcheck disable=SC2086 # the commands are lists of words
        once a.times $2
        [ -z "$3" ] || once b.times $3
        i=$((i + 1))
    done
    # The first run of each warms the caches and is not counted.
    a=$(tail -n +2 a.times | awk '{ print $1 + $2 }' | middle)
    memory=$(awk '$3 > m { m = $3 } END { printf "%.0f", m / 1024 }' a.times)
    if [ -n "$3" ]; then
        b=$(tail -n +2 b.times | awk '{ print $1 + $2 }' | middle)
        awk -v n="$name" -v a="$a" -v b="$b" -v m="$memory" \
            'BEGIN { printf "| %s | %.2f | %.2f | %.2f | %d |\n", n, a, b, (b > 0 ? a / b : 0), m }'
    else
        awk -v n="$name" -v a="$a" -v m="$memory" 'BEGIN { printf "| %s | %.3f | | | %d |\n", n, a, m }'
    fi
}

echo "| what | ours, CPU s | yardstick, CPU s | ratio | ours, peak MiB |"
echo "|---|---|---|---|---|"
for kind in cu8 cs16 cf32; do
    compare "spectrum of 1 GiB $kind" "$ours spectrum long.$kind --rate 2M --threads 1 --output s.csv" \
        "./limit_welch long.$kind $kind 4096 avg"
done
compare "average, max and min of 1 GiB cf32" "$ours spectrum long.cf32 --rate 2M --threads 1 --max-hold --min-hold --output s.csv" \
    "./limit_welch long.cf32 cf32 4096 hold"
compare "the same with percentiles and persistence" \
    "$ours spectrum long.cf32 --rate 2M --threads 1 --max-hold --min-hold --percentiles 50,90 --persistence --output s.csv" \
    "./limit_welch long.cf32 cf32 4096 hist"
compare "waterfall of 256 MiB cu8, PNG" "$ours waterfall picture.cu8 --rate 2M --threads 1 --output w.png" \
    "./limit_scope spec picture.cu8 cu8"
compare "waterfall of a 256 MiB WAV, PNG" "$ours waterfall scope.wav --threads 1 --output w.png" \
    "./limit_scope spec scope.wav i16wav"
compare "ripple of a 256 MiB WAV" "$ours ripple scope.wav" "./limit_scope wav scope.wav"
compare "info of a CSV of 10 million rows" "$ours info scope.csv" "./limit_scope csv scope.csv"
for kind in cu8 cs16 cf32; do
    compare "spurs of 1 MiB $kind, JSON" "$ours spurs short.$kind --rate 2M --json" ""
done
compare "info of 1 MiB cf32" "$ours info short.cf32 --rate 2M" ""

# Growth: files of zeros that take no room on the disk; the kernel hands out their pages as it does data in its cache.
for gib in 1 4 16; do
    truncate -s "${gib}G" grown.cu8
    compare "spectrum of $gib GiB of zeros, cu8" "$ours spectrum grown.cu8 --rate 2M --threads 1 --output s.csv" ""
    rm -f grown.cu8
done
