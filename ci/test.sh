#!/usr/bin/env bash
# Installs what the tests need (Debian or Ubuntu), then passes them all: formatting, lints, tests, licences, documents.
#
# The real programs are the judge of what firedrill imitates, so here a test whose program is missing fails.
# On a machine where you may not install anything, `cargo test` skips those tests and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)

policy=/usr/sbin/policy-rc.d
own_policy=
docker_pid=

# Nothing that this script has started or set outlives it.
clean_up() {
    [ -z "$own_policy" ] || "${root[@]}" rm -f "$policy"
    [ -z "$docker_pid" ] && return
    "${root[@]}" kill "$docker_pid" 2>/dev/null || true
    wait "$docker_pid" 2>/dev/null || true
}
trap clean_up EXIT

install_programs() {
    local missing=() program package
    while read -r program package; do
        # PostgreSQL's programs are not on the path.
        command -v "$program" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null || missing+=("$package")
    done <<'PROGRAMS'
cc gcc
cc libc6-dev
promtool prometheus
amtool prometheus-alertmanager
prometheus-node-exporter prometheus-node-exporter
prometheus-postgres-exporter prometheus-postgres-exporter
prometheus-redis-exporter prometheus-redis-exporter
postgres postgresql
redis-server redis-server
dockerd docker.io
iptables iptables
PROGRAMS
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
    # On newer releases the client is a package of its own.
    command -v docker >/dev/null || install_packages docker-cli
}

install_packages() {
    command -v apt-get >/dev/null || { echo "ci/test.sh: please install: $*" >&2; exit 1; }
    # Debian starts what it installs; the tests start their own, on their own ports.
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        own_policy=yes
        "${root[@]}" chmod +x "$policy"
    fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

start_docker() {
    docker info >/dev/null 2>&1 && return
    local log=target/dockerd.log
    mkdir -p target
    # In a group of its own, so that a Ctrl-C at the terminal reaches it through clean_up alone.
    set -m
    "${root[@]}" dockerd >"$log" 2>&1 &
    docker_pid=$!
    set +m
    for _ in $(seq 300); do
        docker info >/dev/null 2>&1 && return
        kill -0 "$docker_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo "ci/test.sh: no Docker engine answers, and none could be started:" >&2
    tail -n 15 "$log" >&2
    exit 1
}

say "Installing what is missing"
install_programs
promtool --version 2>&1 | head -n 1
amtool --version 2>&1 | head -n 1

say "Docker, and images of these programs"
start_docker
mkdir -p target
# Images to run instead of those that documents name: here none can be pulled.
export FIREDRILL_IMAGES="$PWD/target/images.yaml"
ci/images.sh "$FIREDRILL_IMAGES"

# A missing real program is a failure from here on.
export CI=true
# Promised for CI: that many random expressions agree with the real promtool.
export FIREDRILL_CASES="${FIREDRILL_CASES:-10000}"

say "Formatting"
cargo fmt --all --check

say "Lints"
cargo clippy --locked --all-targets --all-features -- -D warnings

say "Lints of the fuzz targets"
# They are only run by hand (ci/fuzz.sh), and must not rot; the fuzzer itself need not be built for that.
CUSTOM_LIBFUZZER_PATH=/none/libfuzzer.a CARGO_TARGET_DIR=target cargo clippy --locked --manifest-path fuzz/Cargo.toml --bins -- -D warnings

say "Tests"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --all-features --no-fail-fast
else
    cargo test --locked --all-targets --all-features --no-fail-fast
fi

say "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --all-features --no-deps --quiet

if cargo deny --version >/dev/null 2>&1; then
    say "Licences and advisories"
    # Crates for other systems are part of the answer, too.
    cargo fetch --locked
    cargo deny --offline check licenses bans sources || exit 1
    # Advisories need their database; without it there is nothing to hold the lock file against.
    cargo deny --offline check advisories || echo "cargo deny: no advisory database here, advisories were not checked"
else
    say "cargo-deny is not installed: licences were not checked"
fi

say "All passed"
