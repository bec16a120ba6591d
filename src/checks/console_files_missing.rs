//! Console templates that are not where a flag says.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::Version;
use crate::stack::wiring::{Container, Mount, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "console-files-missing",
    harm: Harm::Style,
    title: "there are no console templates where this flag says",
    explanation: "Prometheus 2 has its console templates in /usr/share/prometheus, to which links in /etc/prometheus lead: whatever is mounted \
                  over /etc/prometheus hides them. Since Prometheus 3 the image has none at all. `/consoles` then answers 404; nothing \
                  else needs them, so the flags can go.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v3.1.0\n    command: ['--config.file=/etc/prometheus/prometheus.yml', '--web.console.templates=/etc/prometheus/consoles']\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v3.1.0\n    command: ['--config.file=/etc/prometheus/prometheus.yml']\n",
    find,
};

const FLAGS: [&str; 2] = ["web.console.libraries", "web.console.templates"];
/// Where the image keeps them, and where it links to them.
const FOLDERS: [&str; 2] = ["/usr/share/prometheus", "/etc/prometheus"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring
        .running("prom/prometheus")
        .chain(wiring.running("prometheus/prometheus"))
        .filter_map(|(workload, container)| judge(workload, container))
        .collect()
}

fn judge(workload: &Workload, container: &Container) -> Option<Diagnostic> {
    let flags: Vec<Spanned<String>> = FLAGS.iter().filter_map(|flag| container.flag(flag)).collect();
    let lost = flags.iter().filter_map(|flag| Some((flag, why(workload, container, flag)?)));
    let lost: Vec<(&Spanned<String>, Why)> = lost.collect();
    let (first, why) = lost.first()?;
    let found = Diagnostic::warning("", "there are no console templates at this path").at(&first.span);
    let found = match why {
        Why::Hidden(mount) => found
            .label("hidden by what is mounted over it")
            .related(&mount.path.span, "hides the image's own files")
            .because(match of_config_map(workload, mount) {
                true => "a ConfigMap holds no folders: the image's links are gone from there",
                false => "assuming that the mounted folder has no such files of its own",
            }),
        Why::Gone(version, mount) => {
            let since = "Prometheus has no console templates since version 3";
            let newest =
                if version.is_none() { ", and without a version the image is the newest" } else { "" };
            let assuming = match mount {
                Some(mount) if !of_config_map(workload, mount) => {
                    "; assuming that the folder mounted there has none of its own"
                }
                _ => "",
            };
            found.label("not in this image").because(format!("{since}{newest}{assuming}"))
        }
    };
    let found = found.help("leave out the flags: nothing but the pages under `/consoles` needs them");
    Some(lost.iter().skip(1).fold(found, |found, (flag, _)| found.related(&flag.span, "nor here")))
}

enum Why<'w> {
    Hidden(&'w Mount),
    /// Of a version that has none; what is mounted there may bring some.
    Gone(Option<Version>, Option<&'w Mount>),
}

fn why<'w>(workload: &Workload, container: &'w Container, flag: &Spanned<String>) -> Option<Why<'w>> {
    let path = flag.value.as_str();
    let under = |folder: &str| {
        path.strip_prefix(folder.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !FOLDERS.iter().any(|folder| under(folder)) {
        return None;
    }
    let version = container.image_tag().and_then(Version::parse);
    let mount = container.mounts.iter().find(|mount| under(&mount.path.value) && mount.sub_path.is_none());
    // A tag that says no version may be an old one.
    let newest = container.image_tag().is_none_or(|tag| tag == "latest");
    let gone = newest || version.is_some_and(|version| version.major >= 3);
    match mount {
        // Their own files, mounted where the flag says.
        Some(mount) if mount.path.value.trim_end_matches('/') == path.trim_end_matches('/') => None,
        Some(mount) if !of_config_map(workload, mount) && workload.namespace.is_some() => None,
        Some(mount) if gone => Some(Why::Gone(version, Some(mount))),
        Some(mount) => Some(Why::Hidden(mount)),
        None => gone.then_some(Why::Gone(version, None)),
    }
}

fn of_config_map(workload: &Workload, mount: &Mount) -> bool {
    workload
        .volumes
        .iter()
        .any(|volume| volume.name == mount.source && (volume.config_map.is_some() || volume.secret.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::check;

    #[test]
    fn what_is_mounted_over_the_folder_hides_them() {
        let guide = |tag: &str, mounts: &str, path: &str| {
            format!(
                "```yaml\nservices:\n  p:\n    image: prom/prometheus:{tag}\n    volumes: [{mounts}]\n    command: ['--web.console.libraries={path}']\n```\n"
            )
        };
        let at = |column: usize| format!("6:{column} there are no console templates at this path");
        let links = "/etc/prometheus/console_libraries";
        let hidden = guide("v2.45.0", "'./prom:/etc/prometheus'", links);
        check(CHECK.id, &hidden, &[&at(15)]);
        check(CHECK.id, &guide("v2.45.0", "", links), &[]);
        check(CHECK.id, &guide("v2.45.0", "'./p.yml:/etc/prometheus/prometheus.yml'", links), &[]);
        check(CHECK.id, &guide("v2.45.0", "'./prom:/etc/prometheus'", "/usr/share/prometheus/consoles"), &[]);
        check(CHECK.id, &guide("v3.1.0", "", "/usr/share/prometheus/consoles"), &[&at(15)]);
        check(CHECK.id, &guide("latest", "'./prom:/etc/prometheus'", links), &[&at(15)]);
        check(CHECK.id, &guide("v3.1.0", &format!("'./c:{links}'"), links), &[]);
    }
}
