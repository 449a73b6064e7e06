#!/usr/bin/env bash
# Runs the tests of the feature `postgres` on a PostgreSQL server of their own, in a temporary folder, and stops it.
#   tests/postgres/run.sh        the tests
#   tests/postgres/run.sh kills    a hundred kills of a sync (FAULTSCOPE_KILLS=500: as many)
#   tests/postgres/run.sh crashes  the server killed fifty times under two programs at work
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages.sh
. tests/postgres/server.sh

# The feature `s3` is that of tests/s3/run.sh: one build serves both.
team() { cargo test --locked -p faultscope-case --features s3 --test team -- "$@"; }
case "${1:-tests}" in
tests)
    team --include-ignored --skip many_kills --skip bucket --skip crash
    # By itself, for all others would lose their server, too.
    FAULTSCOPE_KILLS=3 team --ignored crash
    ;;
kills) time team --ignored --nocapture many_kills ;;
crashes) time team --ignored --nocapture crash ;;
*) echo "tests/postgres/run.sh [tests|kills|crashes]" >&2; exit 2 ;;
esac
