//! Settings that Filebeat does not have.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::{FilebeatConfig, Setting, Wiring};

pub const CHECK: Check = Check {
    id: "filebeat-setting-unknown",
    harm: Harm::Silent,
    title: "Filebeat passes over this setting",
    explanation: "Filebeat ignores settings that it does not know. A lifecycle policy is not written into `setup.ilm.policy`: \
                  `setup.ilm.policy_file` names a file with it. `rollover_alias` and `pattern` were taken away with version 8, \
                  which writes to data streams.",
    example: "filebeat.inputs: []\nsetup.ilm.policy: '{}'\n",
    mended: "filebeat.inputs: []\nsetup.ilm.policy_file: /etc/filebeat/policy.json\n",
    find,
};

const ILM: [&str; 5] = ["enabled", "policy_name", "policy_file", "check_exists", "overwrite"];
/// Until version 7.
const ILM_7: [&str; 2] = ["rollover_alias", "pattern"];
const TEMPLATE: [&str; 12] = [
    "enabled",
    "name",
    "pattern",
    "overwrite",
    "settings",
    "append_fields",
    "json",
    "fields",
    "type",
    "priority",
    "order",
    "data_stream",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.filebeat.iter().flat_map(judge).collect()
}

fn judge(config: &FilebeatConfig) -> Vec<Diagnostic> {
    let old = config.version.is_some_and(|version| version.major < 8);
    let mut found: Vec<Diagnostic> = Vec::new();
    for setting in &config.settings {
        let Some((block, key)) = [("setup.ilm", &ILM[..]), ("setup.template", &TEMPLATE[..])]
            .into_iter()
            .find_map(|(block, known)| {
                let key = setting.path.strip_prefix(block)?.strip_prefix('.')?;
                let key = key.split(['.', '[']).next()?;
                (!known.contains(&key)).then_some((block, key))
            })
        else {
            continue;
        };
        if old && ILM_7.contains(&key) {
            continue;
        }
        found.push(told(config, setting, block, key));
    }
    // What was taken away together is one finding.
    let gone = |diagnostic: &Diagnostic| diagnostic.label == GONE;
    if let Some(first) = found.iter().position(gone) {
        let others: Vec<Diagnostic> =
            found.iter().skip(first + 1).filter(|other| gone(other)).cloned().collect();
        found.retain({
            let mut seen = false;
            move |diagnostic| !gone(diagnostic) || !std::mem::replace(&mut seen, true)
        });
        for other in others {
            if let (Some(first), Some(place)) =
                (found.iter_mut().find(|diagnostic| gone(diagnostic)), other.place)
            {
                first.related.push((place, "so is this".to_owned()));
            }
        }
    }
    found
}

const GONE: &str = "gone since version 8";

fn told(config: &FilebeatConfig, setting: &Setting, block: &str, key: &str) -> Diagnostic {
    let found = Diagnostic::error("", format!("Filebeat has no setting `{block}.{key}`"))
        .at(&setting.value.span)
        .about(&setting.path);
    if block == "setup.ilm" && ILM_7.contains(&key) {
        let version = config.version.map_or_else(|| "8".to_owned(), |version| version.to_string());
        return found
            .label(GONE)
            .because(format!("Filebeat {version} writes to a data stream, which rolls over by itself"))
            .help("leave it out");
    }
    let found = found.label("passed over");
    match (block, key) {
        ("setup.ilm", "policy") => found
            .because("the policy is never set up: its retention is not applied, Filebeat's own policy keeps logs for ever")
            .help("write the policy into a file, mount it, and name it in `setup.ilm.policy_file`"),
        _ => match nearest(key, if block == "setup.ilm" { &ILM[..] } else { &TEMPLATE[..] }.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{block}.{near}`?")),
            None => found,
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_version_8_took_away_is_one_finding() {
        let guide = |version: &str| {
            format!(
                "```yaml\napiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {{name: a}}\nspec:\n  type: filebeat\n  \
                 version: {version}\n  config:\n    setup.ilm.enabled: true\n    setup.ilm.rollover_alias: a\n    \
                 setup.ilm.pattern: b\n```\n"
            )
        };
        check("filebeat-setting-unknown", &guide("7.17.0"), &[]);
        check(
            "filebeat-setting-unknown",
            &guide("8.8.0"),
            &["10:31 Filebeat has no setting `setup.ilm.rollover_alias`"],
        );
    }
}
