#!/usr/bin/env bash
# The tutorial "Configuring Multi-Provider Failover", from an empty folder to the events of a failover, with the
# command's name changed and nothing else. Two simulators stand for the providers; they are switched off and on
# where the tutorial breaks a provider.
#
#   tutorial.sh <folder of the program sluice>      needs curl and jq; 77: they are not here
#
# Between "# README" and "# end" are the commands of the README's section on the gateway, word for word;
# readme.py compares them.

PATH=$(cd "$1" && pwd):$PATH
for program in curl jq; do
    command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed"; exit 77; }
done
scratch=$(mktemp -d)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=support.sh
source "$here/support.sh"
cd "$scratch" || exit 1

provider openai
provider anthropic

echo '-- Step 1: keys'
# README
export OPENAI_API_KEY="sk-your-openai-key"
export ANTHROPIC_API_KEY="sk-ant-your-anthropic-key"
# end

echo '-- Step 2: the configuration'
# README
cat > policy-config.yaml <<'YAML'
version: '1'
providers:
  targets:
    - id: openai-primary
      provider: openai
      secret_key_ref:
        env: OPENAI_API_KEY
    - id: anthropic-fallback
      provider: anthropic
      secret_key_ref:
        env: ANTHROPIC_API_KEY
failover:
  enabled: true
  strategy: priority
  model_mapping:
    gpt-4o-mini: claude-sonnet-4-20250514
    gpt-4o: claude-sonnet-4-20250514
  retry:
    max_attempts: 1
    timeout_seconds: 30
policies:
  - name: content-filter
    type: content_filter
    action: flag
    config:
      categories:
        - hate
        - violence
YAML
# end

echo '-- Step 3: lint'
linted=$(
# README
sluice policy lint --file policy-config.yaml
# end
)
check E10 'lint finds nothing wrong: exit code' $? 0
matches E10 'lint says OK and names the file' "$(grep -c '^OK .*policy-config.yaml' <<<"$linted")" '[1-9]'
for target in openai-primary:1 anthropic-fallback:2; do
    matches E07 "lint confirms the priority of ${target%:*}" \
        "$(grep -A3 -e "${target%:*}" <<<"$linted" | tr '\n' ' ')" ".*priority[=: ]+${target#*:}.*"
done
matches E08 'lint confirms the health checks' "$(tr '\n' ' ' <<<"$linted")" '.*health_check.*30 ?s.*'
check E10 'lint --json says valid' "$(sluice policy lint --file policy-config.yaml --json | jq .valid)" true

# The same file again, with errors.
broken() {
    sed "$1" policy-config.yaml >broken.yaml
    sluice policy lint --file broken.yaml 2>&1
    echo "exit $?"
}
check E10 'a misspelt key is an error: exit code' "$(broken 's/strategy:/stratgey:/' | tail -1)" 'exit 2'
matches E10 '... with its path and a suggestion' "$(broken 's/strategy:/stratgey:/' | tr '\n' ' ')" \
    '.*failover.*stratgey.*strategy.*'
check E10 'a key twice is an error' "$(broken 's/^  enabled: true/&\n  enabled: false/' | tail -1)" 'exit 2'
check E01 'an unknown version is an error' "$(broken "s/version: '1'/version: '7'/" | tail -1)" 'exit 2'
check E02 'the same id twice is an error' "$(broken 's/id: anthropic-fallback/id: openai-primary/' | tail -1)" 'exit 2'
check E01 'the version may be a number' "$(broken "s/version: '1'/version: 1/" | tail -1)" 'exit 0'
matches E02 'a variable that is not set is a warning' \
    "$(env -u ANTHROPIC_API_KEY sluice policy lint --file policy-config.yaml 2>&1; echo "exit $?")" \
    $'.*ANTHROPIC_API_KEY.*exit 0'
matches E28 'health checks that are off are noted' \
    "$(broken 's/^failover:/health_check:\n  enabled: false\n&/' | tr '\n' ' ')" '.*health_check.*exit 0 '

# What the tutorial cannot have: the addresses of our providers. The rest stays as it is.
with_simulators() {
    sed -e "s|^      provider: openai\$|&\n      base_url: ${openai_url:-${origin[openai]}/v1}|" \
        -e "s|^      provider: anthropic\$|&\n      base_url: ${origin[anthropic]}/v1|" policy-config.yaml
}
# For steps that wait until a provider is found to be down or well: a second instead of half a minute.
with_fast_checks() {
    with_simulators
    printf 'health_check:\n  interval_seconds: 1\n'
}
with_simulators >simulated.yaml
with_fast_checks >fast.yaml

echo '-- Step 4: run'
start_gateway simulated.yaml
matches E12 'the startup log, five lines' "$(grep '^INFO' "$log" | head -5)" \
"INFO sluice_gateway Loaded 2 provider\(s\), 1 policy\(ies\)
INFO sluice_gateway Provider openai-primary: priority=1, health_check=enabled
INFO sluice_gateway Provider anthropic-fallback: priority=2, health_check=enabled
INFO sluice_gateway Failover: strategy=priority, model_mappings=2
INFO sluice_gateway Gateway ready"

check E25 'no events are an empty array' "$(events --last 5 --format json | jq -c .)" '[]'
answered=$(
# README
curl -s http://localhost:$PORT/v1/chat/completions \
  -H "Content-Type: application/json" \
  -d '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a failover?"}]}' \
  | jq '{model, provider: .sluice_metadata.provider}'
# end
)
until_it_is 1 recorded
check E14 'the primary answers, by the name that was asked for' "$(jq -c . <<<"$answered")" \
    '{"model":"gpt-4o-mini","provider":"openai-primary"}'
check E13 'the other model' "$(who gpt-4o)" 'gpt-4o from openai-primary'
stream=$(ask gpt-4o-mini ', "stream": true')
check E14 'a stream tells it in its last chunk' \
    "$(sed -n 's/^data: //p' <<<"$stream" | grep -v '^\[DONE\]' | tail -1 | jq -r .sluice_metadata.provider)" openai-primary
check E14 'a stream ends as it should' "$(tail -2 <<<"$stream" | tr -d '\n')" 'data: [DONE]'
check E14 'and is the whole answer' \
    "$(sed -n 's/^data: {/{/p' <<<"$stream" | jq -rj '.choices[0].delta.content // empty')" \
    'The capital of Mongolia is Ulaanbaatar.'
check E16 'every provider is healthy' "$(curl -s "http://localhost:$PORT/health" | jq -c '[.providers[].status]')" \
    '["healthy","healthy"]'

ask gpt-4o-mini >/dev/null
request curl -s "http://localhost:$PORT/v1/chat/completions" -H 'Content-Type: application/json' \
    -d '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "I will murder him with a knife."}]}' >/dev/null
check E09 'a flagged prompt goes on, and the event says why' \
    "$(events --last 1 --format json | jq -c '.[0] | [.status, (.policies[] | select(.result == "match") | .name, .action, .categories)]')" \
    '[200,"content-filter","flag",["violence"]]'
check E09 'and an innocent one is not flagged' \
    "$(events --last 50 --format json | jq -c '[.[:-1][].policies[].result] | unique')" '["pass"]'
stop_gateway
check '' 'SIGTERM ends it well' "$gateway_exit" 0

echo '-- Step 5: a bad key'
# README
export OPENAI_API_KEY="sk-invalid-key-for-testing"
# end
start_gateway fast.yaml
check E15 'the fallback answers in the form that was asked for' "$(who gpt-4o-mini)" \
    'claude-sonnet-4-20250514 from anthropic-fallback'
check E15 'as a chat completion' "$(ask gpt-4o-mini | jq -r '"\(.object) \(.choices[0].message.content)"')" \
    'chat.completion The capital of Mongolia is Ulaanbaatar.'
check E15 'streamed too' "$(ask gpt-4o ', "stream": true' | sed -n 's/^data: {/{/p' | jq -rj '.choices[0].delta.content // empty')" \
    'The capital of Mongolia is Ulaanbaatar.'

echo '-- Step 6: health'
until_it_is unhealthy status_of openai-primary
check E17 'the primary with the bad key is found unhealthy' "$(status_of openai-primary)" unhealthy
health=$(
# README
curl -s http://localhost:$PORT/health | jq '.providers'
# end
)
check E16 'each provider has these three' \
    "$(jq -c '[.[] | [has("status"), has("consecutive_failures"), has("last_check")] | all] | all' <<<"$health")" true
check E17 'three failures or more' "$(jq '.["openai-primary"].consecutive_failures >= 3' <<<"$health")" true
matches E16 'last_check is a time of UTC in seconds' "$(jq -r '.["openai-primary"].last_check' <<<"$health")" \
    '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
check E16 'the fallback is healthy' "$(jq -c '.["anthropic-fallback"] | [.status, .consecutive_failures]' <<<"$health")" \
    '["healthy",0]'
check E16 'the whole is degraded' "$(curl -s "http://localhost:$PORT/health" | jq -r .status)" degraded
check E16 'version and uptime are told' \
    "$(curl -s "http://localhost:$PORT/health" | jq -c '[(.version | type), (.uptime_seconds | type)]')" '["string","number"]'
before=$(asked openai)
who gpt-4o-mini >/dev/null
check E20 'an unhealthy primary is not asked' "$(asked openai)" "$before"

echo '-- Step 8: events'
listed=$(
# README
sluice events tail --last 5 --format json --gateway http://localhost:$PORT \
  | jq '.[] | {id, provider, latency_ms, failover}'
# end
)
check E21 'at most five, oldest first' "$(events --last 5 --format json | jq -c '[length <= 5, ([.[].timestamp] | . == sort)]')" \
    '[true,true]'
matches E22 'an id' "$(jq -rs '.[0].id' <<<"$listed")" 'evt_[0-9A-Za-z]+'
check E22 'who answered, and how long it took' \
    "$(jq -cs '[.[] | .provider == "anthropic-fallback" and (.latency_ms | type) == "number"] | all' <<<"$listed")" true
check E23 'every event has the failover' \
    "$(jq -cs '.[0].failover | [.triggered, .original_provider]' <<<"$listed")" '[true,"openai-primary"]'
check E24 'the reason is the bad key' "$(jq -rs '.[0].failover.reason' <<<"$listed")" upstream_auth_failed
check E25 'fewer events, a shorter array' "$(events --last 50 --format json | jq 'length == 4')" true
check E21 'the other spellings' "$(events --limit 2 --json | jq length)" 2
check E20 'the attempts are listed' \
    "$(events --last 50 --format json | jq -c '.[0].attempts | [.[0].provider, .[-1].provider]')" '["openai-primary","anthropic-fallback"]'
check '' 'no key in the log' "$(grep -c 'sk-' "$log")" 0
stop_gateway

echo '-- Step 7: recovery'
# README
export OPENAI_API_KEY="sk-your-openai-key"
# end
start_gateway fast.yaml
check E32 'the right key and a restart' "$(who gpt-4o-mini)" 'gpt-4o-mini from openai-primary'
down openai
until_it_is unhealthy status_of openai-primary
check E19 'an outage is found without requests' "$(status_of openai-primary)" unhealthy
check E18 'the fallback takes over' "$(who gpt-4o-mini)" 'claude-sonnet-4-20250514 from anthropic-fallback'
check E23 'the event says that the primary was passed over' \
    "$(events --last 1 --format json | jq -c '.[0].failover | [.triggered, .original_provider, .reason]')" \
    '[true,"openai-primary","unhealthy"]'
up openai
until_it_is healthy status_of openai-primary
check E18 'the primary is back by itself' "$(who gpt-4o-mini)" 'gpt-4o-mini from openai-primary'
check E23 'an event without a failover has the same fields' \
    "$(events --last 1 --format json | jq -c '.[0].failover')" '{"triggered":false,"original_provider":null,"reason":null}'

echo '-- When nothing is left'
down openai
down anthropic
until_it_is 'unhealthy unhealthy' eval 'echo "$(status_of openai-primary) $(status_of anthropic-fallback)"'
head=$(request curl -sD - -o all-down.json "http://localhost:$PORT/v1/chat/completions" -H 'Content-Type: application/json' \
    -d '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}' | tr -d '\r')
matches E29 'all down is a 503' "$(head -1 <<<"$head")" 'HTTP/1.1 503 .*'
matches E29 '... that says when to come again' "$(grep -i '^retry-after:' <<<"$head")" '[Rr]etry-[Aa]fter: [0-9]+'
check E29 '... with an error as OpenAI writes it' "$(jq -c '[(.error.message | length > 0), (.error | has("type"))]' all-down.json)" \
    '[true,true]'
check E29 '... and an event with every target' \
    "$(events --last 1 --format json | jq -c '[.[0].status, ([.[0].attempts[].provider] | unique)]')" \
    '[503,["anthropic-fallback","openai-primary"]]'
up openai
up anthropic
stop_gateway

echo '-- Variations'
openai_url=http://127.0.0.1:1/v1 with_simulators >unreachable.yaml
start_gateway unreachable.yaml
check E26 'a primary that nobody listens at' "$(who gpt-4o-mini)" 'claude-sonnet-4-20250514 from anthropic-fallback'
check E26 '... is the reason in the event' "$(events --last 1 --format json | jq -r '.[0].failover.reason')" upstream_connect_error
stop_gateway

with_simulators | sed 's/max_attempts: 1/max_attempts: 0/' >no-fallbacks.yaml
start_gateway no-fallbacks.yaml
down openai
check E05 'no fallbacks allowed: an error' "$(ask gpt-4o-mini | jq 'has("error")')" true
stop_gateway
with_simulators | sed 's/enabled: true/enabled: false/' >no-failover.yaml
start_gateway no-failover.yaml
check E03 'failover off: an error' "$(ask gpt-4o-mini | jq 'has("error")')" true
stop_gateway
up openai

with_simulators | sed '/^  targets:/,/^failover:/s/^    - id: openai-primary/&\n      priority: 9/' >swapped.yaml
start_gateway swapped.yaml
check E07 'a lower number goes first' "$(who gpt-4o-mini)" 'claude-sonnet-4-20250514 from anthropic-fallback'
stop_gateway

printf '\n%d passed, %d failed\n' "$passed" "$failed"
rm -rf "$scratch"
((failed == 0 && passed > 0))
