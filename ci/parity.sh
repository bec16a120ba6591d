#!/usr/bin/env bash
# Holds the twin against the real Prometheus and Alertmanager over more than thirty scenarios of the documented stacks, and
# says at the end which of them ever differed, the flakiest first. Needs both programs (Debian: apt-get install prometheus
# prometheus-alertmanager). Options go to `firedrill parity`.
#
# SPEED (40) is how many times as fast as the clock on the wall; REPEAT (1) how often all of it is run; ALL=1 also runs
# those that take long in the world's time, and those that can't be so fast. FIREDRILL names a firedrill that is built
# already.
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
    features/sei/faults.feature:{43,52,72,81,91,99,108} features/jac/faults.feature:{8,27,39}
    features/sei/api.feature:{9,35,41} features/jac/learning.feature:{8,28,29} features/funlynk/backend.feature:7
    features/todo/todo.feature:7 scenarios/todo/todo.yaml:{5,27,52,61,66}
    scenarios/sei/database.yaml:{8,27} scenarios/sei/kafka.yaml:{5,23,32}
)
# A Prometheus that starts needs five seconds of the machine's to know its targets.
restarts=(features/sei/faults.feature:{8,16,23})
# After ten minutes without it, its expressions see nothing by then unless the clock is slow.
outages=(features/sei/faults.feature:32)

speed=${SPEED:-40}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
scenarios=0
# compare MOST SCENARIO…: at the speed asked for, but no more than that.
compare() {
    local most=$1
    shift
    scenarios=$((scenarios + $#))
    "$firedrill" parity --speed "$((speed < most ? speed : most))" "${options[@]}" "$@" | tee -a "$log" || true
}
options=("$@")
for round in $(seq "${REPEAT:-1}"); do
    echo "== round $round"
    if [ -z "${ALL:-}" ]; then
        compare 1000 "${short[@]}"
    else
        compare 1000 "${short[@]}" "${long[@]}"
        compare 30 "${restarts[@]}"
        compare 3 "${outages[@]}"
    fi
done

same=$(grep -c '^SAME' "$log" || true)
echo "== ${REPEAT:-1} rounds, $scenarios comparisons: $same the same"
if grep -E '^(DIFF|LOST)' "$log" | awk '{print $1, $2}' | sort | uniq -c | sort -rn; then
    exit 1
fi
# Nothing said of a scenario is no agreement.
[ "$same" -eq "$scenarios" ] || { echo "ci/parity.sh: not everything was compared" >&2; exit 1; }
