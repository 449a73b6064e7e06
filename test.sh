#!/usr/bin/env bash
# Runs every test of the workspace; installs the Debian packages that tests need, or says which are missing.
#   ./test.sh           all tests, the desktop app's included
#   ./test.sh --quick   without the desktop app (shorter build)
set -euo pipefail
cd "$(dirname "$0")"
. tests/packages.sh

quick=no
[ "${1:-}" = "--quick" ] && quick=yes

# What tests need beyond Rust and a C compiler: command to look for, package that brings it.
needs="cc:gcc pdftotext:poppler-utils"
[ "$quick" = no ] && needs="$needs Xvfb:xvfb import:imagemagick xdotool:xdotool"

missing=""
for need in $needs; do
    command -v "${need%%:*}" >/dev/null 2>&1 || missing="$missing ${need##*:}"
done
# A software OpenGL driver has no command of its own; the window test needs it and the X libraries winit loads.
if [ "$quick" = no ] && command -v dpkg-query >/dev/null 2>&1; then
    for package in libgl1-mesa-dri libgl1 libegl1 libxkbcommon-x11-0 libxcursor1 libxrandr2 libxi6 fonts-noto-cjk; do
        have_package "$package" || missing="$missing $package"
    done
fi

# shellcheck disable=SC2086
install_packages "the tests need" $missing

# The Python packages that read our files as other programs do, in an environment of their own.
python="$PWD/target/python/bin/python"
packages="sigmf==1.14.0 numpy==2.4.6"
if ! { [ -x "$python" ] && "$python" -c "import sigmf, numpy" 2>/dev/null; }; then
    # shellcheck disable=SC2086
    if ! { python3 -m venv target/python && "$python" -m pip install --quiet $packages; }; then
        echo "the tests of what other programs read need Python 3.11 with venv and: $packages" >&2
        [ -z "${FAULTSCOPE_REQUIRE_PYTHON:-}" ] || exit 2
        echo "they are skipped" >&2
    fi
fi

select="--workspace"
[ "$quick" = yes ] && select="--workspace --exclude faultscope-gui"
if command -v cargo-nextest >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    cargo nextest run --locked $select --no-fail-fast
    # nextest leaves the examples in the documentation to cargo test.
    # shellcheck disable=SC2086
    cargo test --locked $select --doc --quiet
else
    # shellcheck disable=SC2086
    cargo test --locked $select --no-fail-fast
fi

# The real window, in English and Chinese; the pictures stay in target/window.
if [ "$quick" = no ]; then
    # The app's own tests have built it, with the features of the whole workspace; to ask for it alone would build much anew.
    gui/tests/window.sh target/debug/faultscope-gui target/window quick
fi
