#!/usr/bin/env bash
# Measures firedrill beside its peers, in one run on this machine, a day of its Alertmanager, and the drill table of a
# large stack. Needs promtool (Debian: apt-get install prometheus).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v promtool >/dev/null || { echo "ci/bench.sh: promtool is missing: apt-get install prometheus" >&2; exit 1; }
cargo bench --bench beside_promtool -- "$@"
cargo bench --bench alertmanager -- "$@"
cargo bench --bench drill -- "$@"
