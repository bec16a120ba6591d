#!/usr/bin/env bash
# Measures firedrill beside its peers, in one run on this machine, a day of its Alertmanager, the drill table of a
# large stack, the check of 10,000 rules, and what the real world costs. Needs Debian's programs: apt-get install prometheus prometheus-alertmanager.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in prometheus promtool prometheus-alertmanager; do
    command -v "$program" >/dev/null || { echo "ci/bench.sh: $program is missing: apt-get install prometheus prometheus-alertmanager" >&2; exit 1; }
done
cargo bench --bench beside_promtool -- "$@"
cargo bench --bench alertmanager -- "$@"
cargo bench --bench drill -- "$@"
cargo bench --bench check -- "$@"
cargo bench --bench worlds
