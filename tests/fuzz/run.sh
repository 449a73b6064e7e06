#!/usr/bin/env bash
# Fuzzes one reader after the other, each for the given time, and keeps a table of what was run and found.
#   tests/fuzz/run.sh SECONDS [READER...]     all readers when none is named; JOBS=2 runs two at a time
# The seconds are the processor's, so that a busy machine does not shorten the search; COUNT=clock counts the clock's. The table has both.
# Inputs are laid out as files; where there is a file system in memory, there.
# Seeds are the files that the tests of crates/capture make; the corpus and what was found stay in tests/fuzz.
# Needs cargo-fuzz (`cargo install cargo-fuzz`); the stable compiler is asked for coverage by RUSTC_BOOTSTRAP.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds="${1:?tests/fuzz/run.sh SECONDS [READER...]}"
shift
fuzz="$PWD/tests/fuzz"
seeds="$fuzz/seeds"
table="$fuzz/table.tsv"
# The input of the largest seed is 16 KiB; four times that leaves room for tables of headers.
largest=65536

if [ ! -d "$seeds" ]; then
    FAULTSCOPE_SEEDS="$seeds" cargo test --locked --quiet -p faultscope-capture --lib >/dev/null
fi
[ ! -d /dev/shm ] || export TMPDIR="${TMPDIR:-/dev/shm}"
export RUSTC_BOOTSTRAP=1
cargo fuzz build --fuzz-dir "$fuzz" --sanitizer none reader
binary="$(ls -t "$fuzz"/target/*/release/reader | head -1)"
[ $# -gt 0 ] || set -- $(ls "$seeds")
[ -s "$table" ] || printf 'reader\tclock_s\tcpu_s\tseeds\texecutions\tcoverage\tpeak_rss_mib\tfindings\n' >"$table"

# Runs one reader; a finding ends the fuzzer, so it is started again for the time that is left, until ten are found.
one() {
    reader="$1"
    corpus="$fuzz/corpus/$reader"
    found="$fuzz/artifacts/$reader"
    log="$found/log"
    mkdir -p "$corpus" "$found"
    find "$found" -type f -delete
    executions=0
    cpu=0
    begun=$SECONDS
    TIMEFORMAT='%U %S'
    for _ in $(seq 50); do
        [ "${COUNT:-cpu}" = clock ] && gone=$((SECONDS - begun)) || gone="$cpu"
        left="$(echo "$seconds $gone" | awk '{ left = $1 - $2; print int(left) + (left > int(left)) }')"
        [ "$left" -gt 0 ] && [ "$(find "$found" -type f ! -name log | wc -l)" -lt 10 ] || break
        spent="$({ time FAULTSCOPE_READER="$reader" nice -n "${NICE:-19}" "$binary" "$corpus" "$seeds/$reader" \
            -max_total_time="$left" -max_len=$largest -timeout=60 -rss_limit_mb=1024 -print_final_stats=1 \
            -artifact_prefix="$found/" >>"$log" 2>&1 || true; } 2>&1)"
        cpu="$(echo "$cpu $spent" | awk '{ print $1 + $2 + $3 }')"
        executions=$((executions + $(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)))
    done
    coverage="$(grep -o ' cov: [0-9]*' "$log" | sort -t: -k2 -n | tail -1 | tr -dc 0-9)"
    rss="$(sed -n 's/^stat::peak_rss_mb: *//p' "$log" | sort -n | tail -1)"
    findings="$(find "$found" -type f ! -name log | wc -l)"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$reader" $((SECONDS - begun)) "$cpu" "$(ls "$seeds/$reader" | wc -l)" \
        "$executions" "$coverage" "$rss" "$findings" >>"$table"
}
export -f one
export seconds fuzz seeds table largest binary
printf '%s\n' "$@" | xargs -P "${JOBS:-1}" -I{} bash -c 'one {}'
column -t "$table"
[ "$(awk -F'\t' 'NR > 1 { n += $8 } END { print n + 0 }' "$table")" = 0 ]
