#!/bin/bash
# Measures glancepipe beside a Glance 33, interleaved, on equal data, and prints a table.
#
#   benchmarks/beside_glance.sh [options of bench.py, such as --groups show,list --rounds 3]
#
# The load generator and the starter of Glance are not part of this repository:
#   BENCH=DIR          directory with bench.py (load, seeding) and perf-glance.sh (an auth-free Glance under uWSGI)
#   ANCHOR_GLANCE=DIR  virtual environment with glance 33 and uwsgi, as perf-glance.sh wants it
# Further environment (defaults):
#   IMAGES=20000       images that are seeded into each database
#   WORKERS=2          worker processes of each service
#   SERVER=gunicorn    gunicorn: `glancepipe serve`. uwsgi: one thread a process and a connection a request, as Glance
#   PORT=19300         of glancepipe; Glance has the one before it
#   STATE=DIR          databases and images are kept there and used again; a fresh directory, removed at the end
#   PYTHON=python3     of the environment in which glancepipe is installed
set -eu
: "${BENCH:?directory of bench.py and perf-glance.sh}"
here=$(cd "$(dirname "$0")" && pwd)
IMAGES=${IMAGES:-20000} WORKERS=${WORKERS:-2} SERVER=${SERVER:-gunicorn} PORT=${PORT:-19300} PYTHON=${PYTHON:-python3}
if [ -z "${STATE:-}" ]; then
    STATE=$(mktemp -d)
    remove=$STATE
fi
export ANCHOR_PERF=$STATE NAME=beside PROCS=$WORKERS
glance() { PORT=$((PORT - 1)) "$BENCH/perf-glance.sh" "$@"; }
pipe= remove=${remove:-}
finish() {
    if [ -n "$pipe" ]; then kill -TERM "$pipe" && wait "$pipe" || true; fi
    glance stop
    if [ -n "$remove" ]; then rm -rf "$remove"; fi
}
trap finish EXIT

mkdir -p "$STATE/glancepipe"
conf=$STATE/glancepipe/glancepipe.conf
sed "s|@STATE@|$STATE/glancepipe|" "$here/beside_glance.conf" > "$conf"

# Both get the same images: the seed of the random numbers is fixed.
seed() {
    [ -e "$1.seeded" ] || "$PYTHON" "$BENCH/bench.py" --endpoint x=http://127.0.0.1:1 --seed "x=sqlite:///$1:$IMAGES" --groups none > /dev/null
    touch "$1.seeded"
}
"$PYTHON" -m glancepipe.cli db upgrade --config-file "$conf"
seed "$STATE/glancepipe/glancepipe.sqlite"
glance db
seed "$STATE/glance-$NAME/glance.sqlite"

case $SERVER in
gunicorn)
    "$PYTHON" -m glancepipe.cli serve --config-file "$conf" --bind "127.0.0.1:$PORT" --workers "$WORKERS" > "$STATE/glancepipe/log" 2>&1 & ;;
uwsgi)
    OS_GLANCEPIPE_CONFIG_FILES=$conf "$("$PYTHON" -c 'import sys; print(sys.prefix)')/bin/uwsgi" \
        --module glancepipe.wsgi:application --virtualenv "$("$PYTHON" -c 'import sys; print(sys.prefix)')" \
        --http-socket "127.0.0.1:$PORT" --processes "$WORKERS" --master --die-on-term --enable-threads --thunder-lock --lazy-apps \
        --buffer-size 65535 --http-chunked-input --http-auto-chunked --http-raw-body --disable-logging \
        --add-header "Connection: close" > "$STATE/glancepipe/log" 2>&1 & ;;
*)
    echo "SERVER=$SERVER: gunicorn or uwsgi" >&2; exit 2 ;;
esac
pipe=$!
glance start >&2
"$PYTHON" - "$PORT" <<'PY'
import sys, time, urllib.request
deadline = time.monotonic() + 60
request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/v2/images?limit=1", headers={"X-Identity-Status": "Confirmed", "X-Roles": "reader", "X-Project-Id": "perf"})
while True:
    try:
        urllib.request.urlopen(request, timeout=5).read()
        break
    except OSError as error:
        if time.monotonic() > deadline:
            sys.exit(f"glancepipe does not answer: {error}")
        time.sleep(0.05)
PY

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
"$PYTHON" "$BENCH/bench.py" \
    --endpoint "glance=http://127.0.0.1:$((PORT - 1))" --pid "glance=$(cat "$STATE/glance-$NAME/uwsgi.pid")" \
    --endpoint "glancepipe=http://127.0.0.1:$PORT" --pid "glancepipe=$pipe" \
    --header 'X-Identity-Status: Confirmed' --header 'X-User-Id: perf' --header 'X-Project-Id: perf' --header 'X-Roles: member,reader' \
    --groups show,list,write,large --concurrency 1,8 --rounds 3 "$@"
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
