#!/usr/bin/env bash
# Tests the feature `pdf`: the pages of a small report, and those of the worked example in both languages as other programs read them.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages.sh

missing=""
for package in poppler-utils fonts-noto-cjk; do
    have_package "$package" || missing="$missing $package"
done
# shellcheck disable=SC2086
install_packages "the tests of the feature pdf need" $missing

FAULTSCOPE_REQUIRE_PDFTOTEXT=1 cargo test --locked --quiet -p faultscope-report --features pdf pdf::

cargo build --locked --quiet -p faultscope-cli --features pdf
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# The story holds failed limits, which is exit code 1.
target/debug/faultscope demo --output "$folder" >/dev/null || [ $? = 1 ]
# Numbers with their units, sorted: the languages differ in words and in their order only.
figures() {
    pdftotext -raw -enc UTF-8 "$1" - | grep -oE -- '-?[0-9]+(\.[0-9]+)? (mV|uV|V|dBm|dBc|dB|kHz|MHz|Hz|ms|s)\b' | sort
}
for whom in engineer customer; do
    for lang in en zh-CN; do
        pdf="$folder/$whom-$lang.pdf"
        target/debug/faultscope report FS-2026-0001 --store "$folder/store" --lang "$lang" --for "$whom" --output "$pdf" >/dev/null
        # Every font is embedded, as a subset, with the way back to text.
        pdffonts "$pdf" | tail -n +3 | grep -vE "yes yes yes" && { echo "a font is not embedded: $pdf" >&2; exit 1; }
        figures "$pdf" >"$folder/$whom-$lang.txt"
        test "$(wc -l <"$folder/$whom-$lang.txt")" -gt 10 || { echo "hardly a figure can be read in $pdf" >&2; exit 1; }
    done
    diff "$folder/$whom-en.txt" "$folder/$whom-zh-CN.txt"
done
test "$(pdfinfo "$folder/customer-en.pdf" | awk '/^Pages/ { print $2 }')" = 1
# Read to its end, so that the writer is not cut off.
pdftotext "$folder/engineer-zh-CN.pdf" - | grep -c 故障报告 >/dev/null
echo "PDF: the figures of both languages agree"
