# What tutorial.sh stands on: providers that are simulated, a gateway that is started and read, and checks that are
# counted. Sourced, not run. Nothing sleeps to synchronise: what is waited for is looked at until it is so.

set -uo pipefail
export LC_ALL=C NO_PROXY='*' no_proxy='*'

patience=30 # seconds for whatever takes a fraction of one
passed=0
failed=0

# check <row> <what> <measured> <expected>
check() {
    if [[ $3 == "$4" ]]; then
        passed=$((passed + 1))
        printf 'ok      %-4s %s\n' "$1" "$2"
    else
        failed=$((failed + 1))
        printf 'FAILED  %-4s %s\n        measured: %s\n        expected: %s\n' "$1" "$2" "$3" "$4"
    fi
}

# matches <row> <what> <measured> <extended regular expression, of the whole>
matches() {
    if [[ $3 =~ ^($4)$ ]]; then
        check "$1" "$2" yes yes
    else
        check "$1" "$2" "$3" "something that matches $4"
    fi
}

give_up() {
    printf 'tutorial: %s\n' "$*" >&2
    exit 1
}

# until_it_is <expected> <command...>: runs the command until it prints that; false when it never does.
until_it_is() {
    local expected=$1 deadline=$((SECONDS + patience))
    shift
    while [[ $("$@" 2>/dev/null) != "$expected" ]]; do
        ((SECONDS < deadline)) || return 1
        read -rt 0.05 <> <(:) || true # the shortest of breaths
    done
}

# ---- providers -------------------------------------------------------------------------------------------------------

declare -A origin pid
# Children in the order in which they must end: the gateway before its providers.
cleanup() {
    stop_gateway
    local name
    for name in "${!pid[@]}"; do
        kill "${pid[$name]}" 2>/dev/null
        wait "${pid[$name]}" 2>/dev/null
    done
}
trap cleanup EXIT

# provider <name>: a simulator; its address is ${origin[name]}.
provider() {
    local line pipe=$scratch/$1.pipe
    mkfifo "$pipe"
    sluice sim --listen 127.0.0.1:0 >"$pipe" 2>"$scratch/$1.log" &
    pid[$1]=$!
    exec {from_sim}<"$pipe"
    read -rt "$patience" line <&"$from_sim" || give_up "the simulator of $1 does not start: $(cat "$scratch/$1.log")"
    origin[$1]=${line%/v1}
}

down() { curl -fsX POST "${origin[$1]}/_sim/down" >/dev/null || give_up "cannot switch $1"; }
up() { curl -fsX POST "${origin[$1]}/_sim/up" >/dev/null || give_up "cannot switch $1"; }
# How many answers a provider was asked for; lists of models, which health checks ask for, are not among them.
asked() { curl -fsS "${origin[$1]}/_sim" | jq '[.models[]] | add // 0'; }

# ---- the gateway -----------------------------------------------------------------------------------------------------

gateway_pid=
PORT=

# start_gateway <policy-config.yaml> [options]: until it says where it listens and its log that it is ready. Its log is $log.
start_gateway() {
    local config=$1 line url='' ready='' pipe
    shift
    log=$(mktemp "$scratch/gateway.XXXXXX.log")
    pipe=$log.pipe
    mkfifo "$pipe"
    PORT=0
    sluice gateway run --policy-config "$config" --port "$PORT" "$@" >"$pipe" 2>&1 &
    gateway_pid=$!
    exec {from_gateway}<"$pipe"
    while [[ -z $ready || -z $url ]] && read -rt "$patience" line <&"$from_gateway"; do
        printf '%s\n' "$line" >>"$log"
        [[ $line != *'Gateway ready'* ]] || ready=yes
        [[ $line != http://* ]] || url=$line
    done
    [[ -n $ready && -n $url ]] || give_up "the gateway does not start: $(cat "$log")"
    PORT=${url##*:}
    cat <&"$from_gateway" >>"$log" &
    exec {from_gateway}<&-
}

# stop_gateway: as an operator does; $gateway_exit is what it returned.
stop_gateway() {
    [[ -n $gateway_pid ]] || return 0
    kill -TERM "$gateway_pid" 2>/dev/null
    wait "$gateway_pid"
    gateway_exit=$?
    gateway_pid=
}

# How many requests have their event.
recorded() { curl -s "http://localhost:$PORT/health" | jq .requests_processed; }
# request <command...>: runs it, and waits for its event: a client has the whole of its answer a moment earlier.
request() {
    local before
    before=$(recorded)
    "$@"
    until_it_is "$((before + 1))" recorded || give_up "no event of a request"
}

# ask <model> [more of the request]: the body of the answer.
ask() {
    request curl -s "http://localhost:$PORT/v1/chat/completions" -H 'Content-Type: application/json' \
        -d "{\"model\": \"$1\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]${2:-}}"
}
who() { ask "$@" | jq -r '"\(.model) from \(.sluice_metadata.provider)"'; }
status_of() { curl -s "http://localhost:$PORT/health" | jq -r ".providers[\"$1\"].status"; }
events() { sluice events tail --gateway "http://localhost:$PORT" "$@"; }
