//! Programs that start with a config file which is not there.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Container, PartKind, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "config-file-missing",
    harm: Harm::Breaks,
    title: "the program's config file is not where it looks",
    explanation: "A mount hides what the image has at its path. Where a folder is mounted over the image's own config, the file \
                  of the default command is gone unless the folder has one of that name; the program stops at start. Name the \
                  file by `-config.file`, or give it the name that the program looks for.",
    example: "# loki/loki-config.yml\nauth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {prefix: index_, period: 24h}}]\n---8<---\nservices:\n  loki:\n    image: grafana/loki:3.4.0\n    volumes: ['./loki:/etc/loki']\n",
    mended: "# loki/loki-config.yml\nauth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {prefix: index_, period: 24h}}]\n---8<---\nservices:\n  loki:\n    image: grafana/loki:3.4.0\n    command: -config.file=/etc/loki/loki-config.yml\n    volumes: ['./loki:/etc/loki']\n",
    find,
};

/// An image, the file of its default command, the flag for another, and the kind of its config.
const PROGRAMS: [(&str, &str, &str, PartKind); 5] = [
    ("grafana/loki", "/etc/loki/local-config.yaml", "config.file", PartKind::Loki),
    ("grafana/promtail", "/etc/promtail/config.yml", "config.file", PartKind::Promtail),
    ("prom/prometheus", "/etc/prometheus/prometheus.yml", "config.file", PartKind::Prometheus),
    ("prom/alertmanager", "/etc/alertmanager/alertmanager.yml", "config.file", PartKind::Alertmanager),
    ("fluent/fluent-bit", "/fluent-bit/etc/fluent-bit.conf", "config", PartKind::FluentBit),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (image, default, flag, kind) in PROGRAMS {
        for (workload, container) in wiring.running(image) {
            found.extend(judge(wiring, workload, container, default, flag, kind));
        }
    }
    found
}

fn judge(
    wiring: &Wiring,
    workload: &Workload,
    container: &Container,
    default: &str,
    flag: &str,
    kind: PartKind,
) -> Option<Diagnostic> {
    let flags = container.args.iter().rev();
    let named = flags.filter_map(|arg| {
        let (name, file) = arg.value.trim_start_matches('-').split_once('=')?;
        (name == flag).then(|| (arg, file.to_owned()))
    });
    let named: Option<(&Spanned<String>, String)> = named.into_iter().next();
    // Other words of a command may name it in ways that are not read here.
    if named.is_none() && !container.args.is_empty() {
        return None;
    }
    let wanted = named.as_ref().map_or(default, |(_, file)| file.as_str());
    let (folder, file) = wanted.rsplit_once('/')?;
    let mount = container
        .mounts
        .iter()
        .find(|mount| mount.sub_path.is_none() && mount.path.value.trim_end_matches('/') == folder)?;
    let present = files(wiring, workload, &mount.source, kind)?;
    if present.iter().any(|name| name == file) {
        return None;
    }
    let known: Vec<String> = present.iter().map(|name| format!("`{name}`")).collect();
    let found = Diagnostic::error("", format!("`{}` starts without its config file", workload.name.value))
        .at(&mount.path.span)
        .label(match named {
            Some(_) => format!("this folder has {}", known.join(", ")),
            None => format!("hides the image's own {file}, and has {}", known.join(", ")),
        })
        .because(format!("it looks for {wanted}, and stops where there is none"));
    let found = match (&named, workload.namespace.is_none()) {
        (Some((arg, _)), _) => found.related(&arg.span, "this file"),
        (None, _) => found,
    };
    Some(found.help(format!("start it with `-{flag}={folder}/{}`, or call the file `{file}`", present[0])))
}

/// The files in what is mounted, as far as the documents tell; at least one has to be of the program's kind.
fn files(wiring: &Wiring, workload: &Workload, source: &str, kind: PartKind) -> Option<Vec<String>> {
    if let Some(volume) = workload.volumes.iter().find(|volume| volume.name == source) {
        let name = volume.config_map.as_ref()?;
        let map = wiring.config_maps.iter().find(|map| {
            map.name.value == name.value && Some(&map.namespace) == workload.namespace.as_ref()
        })?;
        let keys = map.keys.iter().map(|(key, own)| (key.value.clone(), *own));
        let renamed = keys.filter_map(|(key, own)| match volume.items.is_empty() {
            true => Some((key, own)),
            false => volume.items.iter().find(|(name, _)| *name == key).map(|(_, path)| (path.clone(), own)),
        });
        let files: Vec<(String, PartKind)> = renamed.collect();
        return files
            .iter()
            .any(|(_, own)| *own == kind)
            .then(|| files.into_iter().map(|(name, _)| name).collect());
    }
    let folder = source.trim_start_matches("./").trim_end_matches('/');
    if workload.namespace.is_some() || folder.is_empty() || folder.starts_with('/') {
        return None;
    }
    let named = wiring.parts.iter().filter(|part| part.kind == kind).filter_map(|part| {
        let file = part.name.as_deref()?.trim_start_matches("./").strip_prefix(folder)?.strip_prefix('/')?;
        (!file.contains('/')).then(|| file.to_owned())
    });
    let files: Vec<String> = named.collect();
    (!files.is_empty()).then_some(files)
}
