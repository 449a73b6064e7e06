#!/usr/bin/env bash
# Builds the SoapySDR test module and runs the tests of the feature `soapy` against it, through the real library.
#   tests/soapy/run.sh           the tests
#   tests/soapy/run.sh record    a recording of 60 s at 2.4 MS/s, which must be without loss
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=""
for package in g++ pkg-config libsoapysdr-dev libclang-dev; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "installing:$missing"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "the feature soapy needs these packages:$missing" >&2
        echo "  sudo apt-get install$missing" >&2
        exit 2
    fi
fi

plugins="$PWD/target/soapy"
mkdir -p "$plugins"
# shellcheck disable=SC2046
g++ -std=c++17 -O2 -Wall -Wextra -fPIC -shared tests/soapy/fake.cpp -o "$plugins/libfaultscopeTest.so" $(pkg-config --cflags --libs SoapySDR)
export SOAPY_SDR_PLUGIN_PATH="$plugins"

case "${1:-tests}" in
tests) cargo test --locked -p faultscope-instrument --features soapy --test soapy -- --ignored ;;
record)
    cargo build --locked --release -p faultscope-cli --features soapy
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    target/release/faultscope record 'soapy:driver=faultscope_test?freq=100M&rate=2.4M' --duration 60 --output "$folder/a"
    ;;
*) echo "tests/soapy/run.sh [tests|record]" >&2; exit 2 ;;
esac
