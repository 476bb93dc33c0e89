#!/usr/bin/env bash
# Start workers on this machine, and start again those that die.
#
#     examples/distributed/launch.sh 2 python examples/distributed/train.py \
#         shop --out run
#
# If one worker dies the others fail with it: all are started again and go on
# together. PORT is the first of as many free ports as there are workers,
# RESTARTS how often a worker is started again at the most.
set -euo pipefail

workers=$1
shift
port=${PORT:-23450}
restarts=${RESTARTS:-5}

addresses=""
for ((i = 0; i < workers; i++)); do
    addresses+="${addresses:+, }\"127.0.0.1:$((port + i))\""
done

worker() {
    local index=$1 left=$restarts
    shift
    export TF_CONFIG="{\"cluster\": {\"worker\": [$addresses]},
        \"task\": {\"type\": \"worker\", \"index\": $index}}"
    until "$@"; do
        if ((left-- == 0)); then
            echo "worker $index: failed for good" >&2
            return 1
        fi
        echo "worker $index: failed, starts again" >&2
        sleep 1
    done
}

pids=()
for ((i = 0; i < workers; i++)); do
    worker "$i" "$@" &
    pids+=($!)
done
status=0
for pid in "${pids[@]}"; do
    wait "$pid" || status=1
done
exit "$status"
