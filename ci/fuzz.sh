#!/usr/bin/env bash
# Fuzzes the readers: ci/fuzz.sh [SECONDS] [TARGET…], a minute each without. Needs `cargo install cargo-fuzz`.
#
# Each begins with this repository's own files and with what earlier runs found (fuzz/corpus); what breaks a reader is
# kept in fuzz/artifacts. It works with the stable toolchain: nothing here needs a sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fuzz --version >/dev/null 2>&1 || { echo "ci/fuzz.sh: cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
seconds=60
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)

# Puts what to begin with into the target's corpus: whole files, or each line of some.
seeds() {
    local files=() lines=() corpus="fuzz/corpus/$1" file
    case $1 in
        alertmanager_config) mapfile -t files < <(grep -rlE '^(route|receivers):' fixtures) ;;
        documents | guide | yaml) mapfile -t files < <(find fixtures docs -type f -size -40k) ;;
        gherkin) mapfile -t files < <(find features -name '*.feature') ;;
        prometheus_config) mapfile -t files < <(grep -rlE '^scrape_configs:' fixtures tests) ;;
        promql_parse) mapfile -t lines < <(grep -rhoP '^ *(expr|query): \K.*' fixtures) ;;
        rules) mapfile -t files < <(grep -rlE '^groups:|PrometheusRule' fixtures tests) ;;
        scenarios) mapfile -t files < <(find scenarios -name '*.yaml') ;;
        services) mapfile -t files < <(find fixtures -name 'firedrill.yaml') ;;
        steps) mapfile -t lines < <(grep -rhoP '^ *(Given|When|Then|And|But) \K.*' features) ;;
        templates | regex) mapfile -t lines < <(cat tests/it/templates/*.txt) ;;
    esac
    files+=("fuzz/seeds/$1"/*)
    mkdir -p "$corpus"
    for file in "${files[@]}"; do
        [ -f "$file" ] || continue
        # The first line of this target's texts names the file.
        [ "$1" != documents ] || basename "$file" >"$corpus/seed-${file//\//-}"
        [ "$1" = documents ] || : >"$corpus/seed-${file//\//-}"
        cat "$file" >>"$corpus/seed-${file//\//-}"
    done
    for file in "${!lines[@]}"; do printf '%s' "${lines[$file]}" >"$corpus/seed-$file"; done
}

for target in "${targets[@]}"; do
    echo "== $target, ${seconds}s"
    seeds "$target"
    cargo fuzz run --sanitizer none "$target" -- \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=1
done
