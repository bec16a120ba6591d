#!/usr/bin/env bash
# Fuzzes the readers: ci/fuzz.sh [SECONDS] [TARGET…], a minute each without, as many at once as there are cores.
#
# Each begins with this repository's own files and with what earlier runs found (fuzz/corpus); what breaks a reader is
# kept in fuzz/artifacts, and the script then fails. It needs a C++ compiler and the stable toolchain, no sanitizer:
# cargo-fuzz runs the same targets, but builds the whole of firedrill as one unit, which takes a quarter of an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=60
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//')
for target in "${targets[@]}"; do
    [ -f "fuzz/fuzz_targets/$target.rs" ] || { echo "ci/fuzz.sh: there is no fuzz/fuzz_targets/$target.rs" >&2; exit 2; }
done

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

# What libFuzzer wants counted and compared in the code; debug assertions make an overflow a crash.
counted="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
counted+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
counted+=" -Cllvm-args=-simplifycfg-branch-fold-threshold=0 --cfg fuzzing -Cdebug-assertions"
host=$(rustc -vV | sed -n 's/^host: //p')
# With a target named, build scripts and macros are built without the flags.
RUSTFLAGS=$counted cargo build --locked --release --manifest-path fuzz/Cargo.toml --target "$host" "${targets[@]/#/--bin=}"
programs="${CARGO_TARGET_DIR:-fuzz/target}/$host/release"

# Runs one target for the time; what it printed is shown when it broke.
fuzz() {
    local corpus="fuzz/corpus/$1" kept="fuzz/artifacts/$1" log
    seeds "$1"
    mkdir -p "$kept"
    log="$kept/log"
    if timeout $((seconds + 120)) "$programs/$1" "$corpus" -artifact_prefix="$kept/" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=1 >"$log" 2>&1; then
        echo "held: $1, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in ${seconds} s"
    else
        tail -n 40 "$log"
        echo "BROKE: $1, see $kept"
        return 1
    fi
}

# `wait -n` gives the end of one, whichever it was; the rest are waited for by their number.
broke=0 running=0 cores=$(nproc)
for target in "${targets[@]}"; do
    if [ "$running" -ge "$cores" ]; then
        wait -n || broke=1
        running=$((running - 1))
    fi
    fuzz "$target" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || broke=1
    running=$((running - 1))
done
exit "$broke"
