# Sourced by `tests/s3/run.sh cli`: the commands of the program on a team's store whose evidence lies in a bucket, with their exit codes.
cargo build --quiet --locked -p faultscope-cli --features s3
program="$PWD/target/debug/faultscope"
work="$folder/work"
mkdir "$work"
base="postgres://postgres@localhost:$port/postgres"
export FAULTSCOPE_STORE="$base?evidence=s3://team-evidence/north"

# expect CODE WORDS...: runs the program; its output goes to $work/said.
expect() {
    code="$1"
    shift
    got=0
    "$program" "$@" >"$work/said" 2>&1 || got=$?
    if [ "$got" != "$code" ] || grep -q geheim "$work/said"; then
        echo "faultscope $*: exit $got, expected $code" >&2
        cat "$work/said" >&2
        exit 1
    fi
}
says() { grep -q -- "$1" "$work/said" || { echo "no '$1' in:" >&2; cat "$work/said" >&2; exit 1; }; }

# The bucket is made by its owner, not by the program.
expect 5 store init
says "no such bucket"
"$venv/bin/python" - "$AWS_ENDPOINT_URL" <<'PY'
import sys, boto3
boto3.client("s3", endpoint_url=sys.argv[1]).create_bucket(Bucket="team-evidence")
PY
expect 0 store init --roles
# From here on the place is remembered.
export FAULTSCOPE_STORE="$base"
expect 0 case open --title "BTS 17 down" --serial SN-1
expect 1 case attach FS-2026-0001 samples/supply-before.sigmf-meta --limits dc-48v --role "supply before" --ack
says "ack "
expect 0 case verify FS-2026-0001
expect 0 case show FS-2026-0001
expect 0 report FS-2026-0001 --output "$work/report.html"
expect 0 case export FS-2026-0001 --out "$work/case.zip"
expect 0 store check
expect 0 --store "$work/laptop" store init
expect 0 --store "$work/laptop" case import "$work/case.zip"
expect 0 --store "$work/laptop" case note FS-2026-0001 "in the field"
expect 0 --store "$work/laptop" case attach FS-2026-0001 samples/supply-after.sigmf-meta --role "supply after"
expect 0 --store "$work/laptop" store sync "$base" --ack
expect 0 case verify FS-2026-0001
expect 0 store check
# A round, whose plan is named; what failed has a case.
cat >"$work/north.toml" <<'TOML'
[round]
id = "north"
version = "1"
title = "North"
start = "2026-01-01"
[[point]]
tag = "R1"
title = "rail"
serial = "SN-1"
interval = "1 month"
measurement = "ripple"
limits = ["dc-48v#vpp"]
TOML
expect 2 round due
says "plan"
expect 0 round due --plan "$work/north.toml"
expect 1 round record R1 samples/supply-before.sigmf-meta --plan "$work/north.toml" --raise --ack
says "ack "
expect 0 case show FS-2026-0002
expect 0 case verify FS-2026-0002
expect 0 round history R1 --plan "$work/north.toml"
says "FS-2026-0002"
expect 0 round verify
expect 2 round raise R1 --plan "$work/north.toml"
expect 0 library trends --serial SN-1
# Out of reach, without keys, changed in the bucket.
AWS_ENDPOINT_URL=http://127.0.0.1:1 expect 5 store check
says "AWS_ENDPOINT_URL"
AWS_ENDPOINT_URL=http://s3.example expect 2 store check
AWS_SECRET_ACCESS_KEY='' expect 2 case list
"$venv/bin/python" - "$AWS_ENDPOINT_URL" <<'PY'
import sys, boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
key = s3.list_objects_v2(Bucket="team-evidence", Prefix="north/evidence/sha256/")["Contents"][0]["Key"]
s3.put_object(Bucket="team-evidence", Key=key, Body=b"of another")
PY
expect 6 store check
expect 6 case export FS-2026-0001 --out "$work/again.zip"
kill "$bucket_server"
expect 5 case attach FS-2026-0001 samples/site-tx.toml --measure none --ack
if grep -q "^ack" "$work/said"; then echo "acknowledged without a bucket" >&2; exit 1; fi
expect 5 case list
echo "the commands do what they should on a store with its evidence in a bucket"
