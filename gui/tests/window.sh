#!/usr/bin/env bash
# Opens the real window under Xvfb with software OpenGL: fails when it stays blank, or when a case cannot be opened, filled and
# reported by keys.
#   gui/tests/window.sh [BINARY] [FOLDER] [quick]    the binary to start; the folder that keeps the screenshots
# Needs: xvfb, imagemagick, xdotool, libgl1-mesa-dri, libgl1, libegl1, libxkbcommon-x11-0, libxcursor1, libxrandr2, libxi6, fonts-noto-cjk.
set -euo pipefail
cd "$(dirname "$0")/../.."

binary=${1:-target/debug/faultscope-gui}
folder=${2:-target/window}
colours_needed=200   # a blank or half-drawn window has a handful
waits=60             # seconds for the capture to be measured

[ -x "$binary" ] || { echo "there is no $binary: cargo build -p faultscope-gui" >&2; exit 2; }
for command in Xvfb import identify xdotool; do
    command -v "$command" >/dev/null || { echo "$command is missing: apt-get install xvfb imagemagick xdotool" >&2; exit 2; }
done
mkdir -p "$folder"
scratch=$(mktemp -d)
app=''
screen=''
cleanup() {
    [ -z "$app" ] || kill "$app" 2>/dev/null || true
    [ -z "$screen" ] || kill "$screen" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

# start WIDTHxHEIGHT ARGUMENTS...: starts a screen and the app on it.
start() {
    local size=$1
    shift
    # The server itself chooses a free display and says which.
    Xvfb -displayfd 3 -screen 0 "${size}x24" -nolisten tcp 3>"$scratch/display" 2>"$scratch/xvfb.log" &
    screen=$!
    for _ in $(seq 100); do [ -s "$scratch/display" ] && break; sleep 0.1; done
    DISPLAY=:$(cat "$scratch/display")
    export DISPLAY
    env -u WAYLAND_DISPLAY LIBGL_ALWAYS_SOFTWARE=1 \
        "$binary" --size "$size" --store "$scratch/store" "$@" 2>"$scratch/app.log" &
    app=$!
}

stop() {
    kill "$app"; wait "$app" 2>/dev/null || true; app=''
    kill "$screen"; wait "$screen" 2>/dev/null || true; screen=''
    : >"$scratch/display"
}

# full NAME: takes pictures until one is full and has stopped changing; counts its colours.
full() {
    local name=$1 picture=$folder/$1.png colours=0 before=-1
    # The picture is taken when it is full and has stopped changing.
    for _ in $(seq "$waits"); do
        sleep 2
        kill -0 "$app" 2>/dev/null || { echo "$name: the app has ended:" >&2; cat "$scratch/app.log" >&2; exit 1; }
        import -window root "$picture"
        colours=$(identify -format %k "$picture")
        [ "$colours" -ge "$colours_needed" ] && [ "$colours" = "$before" ] && break
        before=$colours
    done
    if [ "$colours" -lt "$colours_needed" ]; then
        echo "$name: the window is blank ($colours colours, at least $colours_needed are expected): $picture" >&2
        exit 1
    fi
    echo "$name: $colours colours: $picture"
}

# shot NAME WIDTHxHEIGHT ARGUMENTS...: what the window shows.
shot() {
    local name=$1
    shift
    start "$@"
    full "$name"
    stop
}

# told WHAT COMMAND...: waits until it holds.
told() {
    local what=$1
    shift
    for _ in $(seq "$waits"); do
        "$@" && return
        sleep 1
    done
    echo "the journey has stopped: $what" >&2
    import -window root "$folder/journey-stopped.png"
    exit 1
}

kept() { [ "$(find "$scratch/store/evidence" -type f 2>/dev/null | wc -l)" -ge "$1" ]; }
written() { [ -n "$(find "$scratch/$1" -name "$2" -size +10k 2>/dev/null)" ]; }
opened() { grep -q '"case": "FS-' "$scratch/store.session.json" 2>/dev/null; }

# A supply that fails its limit, by keys: a new case, the capture with its picture attached, the report, the whole case.
journey() {
    start 1280x800 --lang en --theme light --fresh --limits dc-48v samples/supply-before.sigmf-meta
    full journey-begun
    xdotool search --onlyvisible --name faultscope windowfocus 2>/dev/null || true
    xdotool key ctrl+n; sleep 1
    xdotool type --delay 40 "no calls since noon"; sleep 0.5
    xdotool key Return
    told "no case was opened" opened
    xdotool key ctrl+Return
    # Data, metadata and the picture of the window.
    told "the capture is not in the store with what is on the screen" kept 3
    xdotool key ctrl+r
    told "no report was written" written reports 'FS-*.html'
    xdotool key ctrl+k
    full journey-case
    stop
}

shot spurs-en-1280 1280x800 --lang en --theme light --limits tx-generic sim:pa-failing
shot supply-zh-1280 1280x800 --lang zh-CN --theme dark --limits atx-12v sim:reservoir-c-lost
journey
if [ "${3:-}" != quick ]; then
    shot spurs-zh-1920 1920x1080 --lang zh-CN --theme light --limits tx-generic sim:pa-failing
    shot supply-en-contrast 1280x800 --lang en --theme contrast --limits atx-12v sim:reservoir-c-lost
    shot empty-zh 1280x800 --lang zh-CN --theme light --fresh
fi
