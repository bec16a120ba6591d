#!/usr/bin/env bash
# Installs what the tests need (Debian or Ubuntu), then passes them all: formatting, lints, tests, licences, documents.
#
# The real programs are the judge of what firedrill imitates, so here a test whose program is missing fails.
# On a machine where you may not install anything, `cargo test` skips those tests and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

install_programs() {
    local missing=()
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v promtool >/dev/null || missing+=(prometheus)
    command -v amtool >/dev/null || missing+=(prometheus-alertmanager)
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || { echo "ci/test.sh: please install: ${missing[*]}" >&2; exit 1; }
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    # Debian starts what it installs; the tests start their own, on their own ports.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod +x "$policy"
        # shellcheck disable=SC2064
        trap "${root[*]} rm -f $policy" EXIT
    fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

say "Installing what is missing"
install_programs
promtool --version 2>&1 | head -n 1
amtool --version 2>&1 | head -n 1

# A missing real program is a failure from here on.
export CI=true
# Promised for CI: that many random expressions agree with the real promtool.
export FIREDRILL_CASES="${FIREDRILL_CASES:-10000}"

say "Formatting"
cargo fmt --all --check

say "Lints"
cargo clippy --locked --all-targets -- -D warnings

say "Tests"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --no-fail-fast
else
    cargo test --locked --all-targets --no-fail-fast
fi

say "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

if cargo deny --version >/dev/null 2>&1; then
    say "Licences and advisories"
    cargo deny --offline check licenses bans sources || exit 1
    # Advisories need their database; without it there is nothing to hold the lock file against.
    cargo deny --offline check advisories || echo "cargo deny: no advisory database here, advisories were not checked"
else
    say "cargo-deny is not installed: licences were not checked"
fi

say "All passed"
