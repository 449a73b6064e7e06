#!/usr/bin/env bash
# Runs the tests of the feature `postgres` on a PostgreSQL server of their own, in a temporary folder, and stops it.
#   tests/postgres/run.sh        the tests
#   tests/postgres/run.sh kills  a hundred kills of a sync
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages.sh
. tests/postgres/server.sh

# The feature `s3` is that of tests/s3/run.sh: one build serves both.
team() { cargo test --locked -p faultscope-case --features s3 --test team -- "$@"; }
case "${1:-tests}" in
tests) team --include-ignored --skip a_hundred --skip bucket ;;
kills) time team --ignored --nocapture a_hundred ;;
*) echo "tests/postgres/run.sh [tests|kills]" >&2; exit 2 ;;
esac
