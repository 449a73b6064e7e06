#!/usr/bin/env bash
# Runs the tests of the feature `s3` on a PostgreSQL server and an S3-compatible server (moto) of their own, and stops both.
#   tests/s3/run.sh      the tests
#   tests/s3/run.sh cli  the commands of the program, one after the other
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages.sh
. tests/postgres/server.sh

venv=target/s3/venv
if ! "$venv/bin/python" -c 'import moto.server, flask_cors' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || install_packages "the tests of the feature s3 need" python3-venv
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'moto[s3]>=5.2,<6' 'flask>=3,<4' 'flask-cors>=6,<7'
fi
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Below the ports that the system gives to outgoing connections; another one where somebody listens there already.
for _ in 1 2 3 4 5; do
    bucket_port=$((10000 + RANDOM % 10000))
    listens "$bucket_port" && continue
    "$venv/bin/python" -m moto.server -H 127.0.0.1 -p "$bucket_port" >"$folder/s3.log" 2>&1 &
    bucket_server=$!
    for _ in $(seq 150); do
        listens "$bucket_port" && break 2
        kill -0 "$bucket_server" 2>/dev/null || break
        sleep 0.2
    done
done
listens "$bucket_port" || { cat "$folder/s3.log" >&2; exit 1; }

export AWS_ENDPOINT_URL="http://127.0.0.1:$bucket_port"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=geheim AWS_REGION=us-east-1
case "${1:-tests}" in
tests) cargo test --locked -p faultscope-case --features s3 --test team -- --include-ignored bucket ;;
cli) . tests/s3/cli.sh ;;
*) echo "tests/s3/run.sh [tests|cli]" >&2; exit 2 ;;
esac
