//! Files of the host that a log agent is to read, and does not see.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Container, Home, Wiring};

pub const CHECK: Check = Check {
    id: "log-path-not-mounted",
    harm: Harm::Silent,
    title: "the agent's container does not see these files",
    explanation: "An agent tails files in its own container. The folders of the host have to be mounted there, each under the \
                  path that the config names. `/var/log/containers` holds links to `/var/log/pods`, so both are needed. A \
                  pattern that matches nothing is no error: no log arrives.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fb}\ndata:\n  fluent-bit.conf: |\n    [INPUT]\n        Name tail\n        Path /var/log/containers/*.log\n        DB   /tmp/a.db\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: fb}\nspec:\n  template:\n    spec:\n      containers:\n      - image: fluent/fluent-bit:2.0\n        volumeMounts: [{name: c, mountPath: /fluent-bit/etc}]\n      volumes: [{name: c, configMap: {name: fb}}]\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fb}\ndata:\n  fluent-bit.conf: |\n    [INPUT]\n        Name tail\n        Path /var/log/containers/*.log\n        DB   /tmp/a.db\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: fb}\nspec:\n  template:\n    spec:\n      containers:\n      - image: fluent/fluent-bit:2.0\n        volumeMounts: [{name: c, mountPath: /fluent-bit/etc}, {name: log, mountPath: /var/log}]\n      volumes: [{name: c, configMap: {name: fb}}, {name: log, hostPath: {path: /var/log}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for config in &wiring.logs.fluent_bit {
        let paths = config.of("INPUT").filter(|input| input.name().eq_ignore_ascii_case("tail"));
        found.extend(unseen(wiring, &config.home, paths.filter_map(|input| input.get("path"))));
    }
    for config in &wiring.logs.promtail {
        found.extend(unseen(wiring, &config.home, config.jobs.iter().flat_map(|job| &job.paths)));
    }
    found
}

fn unseen<'w>(
    wiring: &Wiring,
    home: &Home,
    paths: impl Iterator<Item = &'w Spanned<String>>,
) -> Vec<Diagnostic> {
    // Only a pod says all that is mounted.
    if !matches!(home, Home::ConfigMap { .. }) {
        return Vec::new();
    }
    let mounted = wiring.mounted(home);
    let Some(seen) = mounted.first() else { return Vec::new() };
    let found = paths.filter_map(|path| {
        // `Path` may be a list.
        let first = path.value.split(',').next()?.trim();
        if !first.starts_with("/var/") || sees(seen.container, first) {
            return None;
        }
        Some(
            Diagnostic::error("", "the agent does not see these files")
                .at(&path.span)
                .label("nothing is mounted here")
                .related(&seen.workload.place, "its container")
                .because("the pattern matches nothing, which is no error: no log arrives")
                .help("mount the folder of the host at the same path"),
        )
    });
    let mut found: Vec<Diagnostic> = found.collect();
    found.truncate(1);
    found
}

fn sees(container: &Container, path: &str) -> bool {
    container.mounts.iter().any(|mount| {
        let folder = mount.path.value.trim_end_matches('/');
        path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    })
}
