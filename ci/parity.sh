#!/usr/bin/env bash
# Holds the twin against the real Prometheus and Alertmanager over more than thirty scenarios of the documented stacks.
# Needs both programs (Debian: apt-get install prometheus prometheus-alertmanager). Options go to `firedrill parity`.
#
# SPEED (30) is how many times as fast as the clock on the wall; REPEAT (1) how often all of it is run, stopping at the
# first difference.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in prometheus prometheus-alertmanager; do
    command -v "$program" >/dev/null || { echo "ci/parity.sh: $program is missing: apt-get install $program" >&2; exit 1; }
done
cargo build --release --locked --quiet
for round in $(seq "${REPEAT:-1}"); do
    echo "== round $round"
    target/release/firedrill parity --speed "${SPEED:-30}" "$@" \
        features/sei/api.feature features/todo features/jac/learning.feature features/funlynk/backend.feature \
        scenarios/todo/todo.yaml scenarios/sei/kafka.yaml scenarios/sei/database.yaml
done
