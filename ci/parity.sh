#!/usr/bin/env bash
# Holds the twin against the real Prometheus and Alertmanager over more than thirty scenarios of the documented stacks, and
# says at the end which of them ever differed, the flakiest first. Needs both programs (Debian: apt-get install prometheus
# prometheus-alertmanager). Options go to `firedrill parity`.
#
# A restart of Prometheus after a long outage (features/sei/faults.feature:32) is not among them: it needs a speed of 3.
#
# SPEED (40) is how many times as fast as the clock on the wall; REPEAT (1) how often all of it is run; ALL=1 also runs
# those that take long in the world's time. FIREDRILL names a firedrill that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in prometheus prometheus-alertmanager; do
    command -v "$program" >/dev/null || { echo "ci/parity.sh: $program is missing: apt-get install $program" >&2; exit 1; }
done
firedrill=${FIREDRILL:-target/release/firedrill}
[ -n "${FIREDRILL:-}" ] || cargo build --release --locked --quiet

short=(
    features/sei/api.feature:{14,30,31,32,33,46} features/sei/faults.feature:63
    features/jac/learning.feature:{13,30,31,34} features/jac/faults.feature:18
    features/funlynk/backend.feature:{12,31,32} features/edu7p/notifications.feature:{7,29}
    features/todo/todo.feature:{12,23} features/todo/notifications.feature:{16,23}
    scenarios/todo/todo.yaml:{10,28,32,45,46,62}
    scenarios/sei/database.yaml:{12,28,32} scenarios/sei/kafka.yaml:9
)
long=(
    features/sei/faults.feature:{8,16,23,43,52,72,81,91,99,108} features/jac/faults.feature:{8,27,39}
    features/sei/api.feature:{9,35,41} features/jac/learning.feature:{8,28,29} features/funlynk/backend.feature:7
    features/todo/todo.feature:7 scenarios/todo/todo.yaml:{5,27,52,61,66}
    scenarios/sei/database.yaml:{8,27} scenarios/sei/kafka.yaml:{5,23,32}
)
scenarios=("${short[@]}")
[ -z "${ALL:-}" ] || scenarios+=("${long[@]}")

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for round in $(seq "${REPEAT:-1}"); do
    echo "== round $round"
    "$firedrill" parity --speed "${SPEED:-40}" "$@" "${scenarios[@]}" | tee -a "$log" || true
done

same=$(grep -c '^SAME' "$log" || true)
echo "== ${REPEAT:-1} rounds of ${#scenarios[@]} scenarios: $same comparisons the same"
if grep -E '^(DIFF|LOST)' "$log" | awk '{print $1, $2}' | sort | uniq -c | sort -rn; then
    exit 1
fi
# Nothing said of a scenario is no agreement.
[ "$same" -eq $((${REPEAT:-1} * ${#scenarios[@]})) ] || { echo "ci/parity.sh: not everything was compared" >&2; exit 1; }
