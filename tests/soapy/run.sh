#!/usr/bin/env bash
# Builds the SoapySDR test module and runs the tests of the feature `soapy` against it, through the real library.
#   tests/soapy/run.sh           the tests
#   tests/soapy/run.sh packages  only installs what the feature needs
#   tests/soapy/run.sh thousand  a thousand runs with random faults
#   tests/soapy/run.sh record    a recording of 60 s at 2.4 MS/s, which must be without loss
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages.sh

missing=""
for package in g++ pkg-config libsoapysdr-dev libclang-dev; do
    have_package "$package" || missing="$missing $package"
done
# shellcheck disable=SC2086
install_packages "the feature soapy needs" $missing

[ "${1:-tests}" != packages ] || exit 0

plugins="$PWD/target/soapy"
mkdir -p "$plugins"
# shellcheck disable=SC2046
g++ -std=c++17 -O2 -Wall -Wextra -fPIC -shared tests/soapy/fake.cpp -o "$plugins/libfaultscopeTest.so" $(pkg-config --cflags --libs SoapySDR)
export SOAPY_SDR_PLUGIN_PATH="$plugins"

case "${1:-tests}" in
tests) cargo test --locked -p faultscope-instrument --features soapy --test soapy -- --ignored --skip a_thousand ;;
thousand)
    time cargo test --locked -p faultscope-instrument --features soapy --test soapy -- --ignored --nocapture a_thousand
    ;;
record)
    cargo build --locked --release -p faultscope-cli --features soapy
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    time target/release/faultscope record 'soapy:driver=faultscope_test?freq=100M&rate=2.4M' --duration 60 --output "$folder/a"
    ;;
*) echo "tests/soapy/run.sh [tests|packages|thousand|record]" >&2; exit 2 ;;
esac
