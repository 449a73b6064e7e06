# Sourced by tests/postgres/run.sh and tests/s3/run.sh: a PostgreSQL server of their own in `$folder`, stopped at the end.
# `packages.sh` was sourced before, and the working folder is the project's.

missing=""
for package in postgresql openssl; do
    have_package "$package" || missing="$missing $package"
done
# shellcheck disable=SC2086
install_packages "the tests of a team's store need" $missing
bin="$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -1 | xargs dirname)"

folder="$(mktemp -d)"
# Below the ports that the system gives to outgoing connections.
port=$((20000 + RANDOM % 12000))
# The server refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() {
    [ -z "${bucket_server:-}" ] || kill "$bucket_server" 2>/dev/null || true
    as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
[ "$(id -u)" = 0 ] && chown postgres "$folder"
as_postgres "$bin/initdb" -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 --locale=C >/dev/null
# A certificate for `localhost`, of an authority of its own.
as_postgres openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority" -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
as_postgres openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$folder/data/server.key" -out "$folder/server.csr" 2>/dev/null
as_postgres sh -c "echo subjectAltName=DNS:localhost >'$folder/san'"
as_postgres openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
    -extfile "$folder/san" -out "$folder/data/server.crt" 2>/dev/null
as_postgres chmod 600 "$folder/data/server.key"
# Starts the server, and ends it as a crash does, postmaster and all of its children; a test runs the second.
cat >"$folder/start" <<EOF
#!/bin/sh
[ "\$(id -u)" != 0 ] || exec runuser -u postgres -- "\$0"
exec "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \\
    -o "-p $port -k $folder -c listen_addresses=localhost -c ssl=on -c max_connections=100" start >/dev/null
EOF
cat >"$folder/crash" <<EOF
#!/bin/sh
set -e
server=\$(head -1 "$folder/data/postmaster.pid")
# Stopped first, so that it makes no more children meanwhile: one that lived on would keep the next server from starting.
kill -STOP "\$server"
all="\$server \$(ps -o pid= --ppid "\$server")"
kill -9 \$all
for pid in \$all; do while kill -0 "\$pid" 2>/dev/null; do sleep 0.02; done; done
exec "$folder/start" 2>/dev/null
EOF
chmod 755 "$folder" "$folder/start" "$folder/crash"
"$folder/start"

export FAULTSCOPE_POSTGRES_TEST="postgres://postgres@localhost:$port/postgres?connect_timeout=10"
export FAULTSCOPE_POSTGRES_CA="$folder/ca.pem"
export FAULTSCOPE_POSTGRES_SOCKET="$folder"
export FAULTSCOPE_POSTGRES_CRASH="$folder/crash"
