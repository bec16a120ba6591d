//! Relabelling: what `relabel_configs` and `metric_relabel_configs` make of a label set, as Prometheus does it.

use md5::{Digest, Md5};

use crate::golang::regex::{expand, replace_all};
use crate::labels::{Labels, LabelsBuilder};
use crate::stack::{RelabelAction, RelabelConfig};

/// The labels after all of `configs`, or `None` where one of them drops the target or sample.
pub fn apply(configs: &[RelabelConfig], labels: &Labels) -> Option<Labels> {
    if configs.is_empty() {
        return Some(labels.clone());
    }
    let mut builder = labels.builder();
    configs.iter().all(|config| relabel(config, &mut builder)).then(|| builder.build())
}

/// Whether the labels are kept.
fn relabel(config: &RelabelConfig, labels: &mut LabelsBuilder) -> bool {
    let sources: Vec<&str> = config.source_labels.iter().map(|name| labels.get(name)).collect();
    let value = sources.join(&config.separator);
    let target = config.target_label.as_str();
    match config.action {
        RelabelAction::Drop => return !config.regex.is_match(&value),
        RelabelAction::Keep => return config.regex.is_match(&value),
        RelabelAction::DropEqual => return labels.get(target) != value,
        RelabelAction::KeepEqual => return labels.get(target) == value,
        RelabelAction::Replace => replace(config, labels, &value),
        RelabelAction::Lowercase => labels.set(target, case(&value, char::to_lowercase)),
        RelabelAction::Uppercase => labels.set(target, case(&value, char::to_uppercase)),
        RelabelAction::HashMod => labels.set(target, hash_mod(&value, config.modulus).to_string()),
        RelabelAction::LabelMap => label_map(config, labels),
        RelabelAction::LabelDrop => labels.retain(|name, _| !config.regex.is_match(name)),
        RelabelAction::LabelKeep => labels.retain(|name, _| config.regex.is_match(name)),
    }
    true
}

fn replace(config: &RelabelConfig, labels: &mut LabelsBuilder, value: &str) {
    let Some(captures) = config.regex.captures(value) else { return };
    let target = expand(&config.target_label, &captures);
    if config.names.allow(&target) {
        labels.set(target, expand(&config.replacement, &captures));
    }
}

/// Every name that matches also lives on under its new name; all are read before any is written.
fn label_map(config: &RelabelConfig, labels: &mut LabelsBuilder) {
    let mut mapped = Vec::new();
    for (name, value) in labels.clone().build().iter() {
        if config.regex.is_match(name) {
            mapped.push((replace_all(&config.regex, name, &config.replacement), value.to_owned()));
        }
    }
    for (name, value) in mapped {
        labels.set(name, value);
    }
}

/// Character by character, as Go does: `ß` has no upper case.
fn case<I: ExactSizeIterator<Item = char>>(text: &str, change: impl Fn(char) -> I) -> String {
    text.chars()
        .map(|c| {
            let mut changed = change(c);
            if changed.len() == 1 { changed.next().unwrap_or(c) } else { c }
        })
        .collect()
}

/// Prometheus takes the last 8 bytes of the MD5 sum.
fn hash_mod(value: &str, modulus: u64) -> u64 {
    let sum: [u8; 16] = Md5::digest(value.as_bytes()).into();
    let (_, last) = sum.split_at(8);
    let hash = last.iter().fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    hash.checked_rem(modulus).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::{relabel, yaml};
    use crate::stack::Version;

    /// Relabels `{a="foo", b="bar", c="baz"}` by one config.
    #[track_caller]
    fn check(config: &str, expected: &str) {
        let file = SourceFile::new("relabel.yml", format!("- {{{config}}}\n"));
        let (root, mut problems) = yaml::read_one(&file);
        let configs = relabel::read(&root.expect("a document"), Version::NEWEST, &mut problems);
        assert!(problems.is_empty(), "{}", problems[0]);
        let labels = Labels::from_pairs([("a", "foo"), ("b", "bar"), ("c", "baz")]);
        let got = apply(&configs, &labels).map_or("dropped".to_owned(), |labels| labels.to_string());
        assert_eq!(got, expected, "{config}");
    }

    #[test]
    fn replace_writes_what_the_pattern_captured() {
        check(
            "source_labels: [a], regex: f(.*), target_label: d, replacement: 'ch${1}-ch$1'",
            r#"{a="foo", b="bar", c="baz", d="choo-choo"}"#,
        );
        check(
            "source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'",
            r#"{a="boobam", b="bar", c="baz"}"#,
        );
        check("target_label: d, replacement: new", r#"{a="foo", b="bar", c="baz", d="new"}"#);
        check("source_labels: [a], regex: foo, target_label: b, replacement: ''", r#"{a="foo", c="baz"}"#);
        check(
            "source_labels: [a], regex: o, target_label: b, replacement: x",
            r#"{a="foo", b="bar", c="baz"}"#,
        );
        check("source_labels: [missing], regex: '(.+)', target_label: b", r#"{a="foo", b="bar", c="baz"}"#);
        check(
            "source_labels: [a], regex: '(f).*', target_label: '${1}_x', replacement: y",
            r#"{a="foo", b="bar", c="baz", f_x="y"}"#,
        );
        check(
            "source_labels: [a], regex: '(f).*', target_label: '${2}', replacement: y",
            r#"{a="foo", b="bar", c="baz"}"#,
        );
    }

    #[test]
    fn keep_and_drop_look_at_the_whole_value() {
        check("action: drop, source_labels: [a], regex: .*o.*", "dropped");
        check("action: drop, source_labels: [a], regex: o", r#"{a="foo", b="bar", c="baz"}"#);
        check("action: keep, source_labels: [a, b], regex: foo;bar", r#"{a="foo", b="bar", c="baz"}"#);
        check("action: keep, source_labels: [a], regex: no", "dropped");
        check("action: keepequal, source_labels: [a], target_label: b", "dropped");
        check("action: dropequal, source_labels: [a], target_label: a", "dropped");
        check("action: dropequal, source_labels: [a], target_label: b", r#"{a="foo", b="bar", c="baz"}"#);
    }

    #[test]
    fn labels_are_mapped_dropped_and_kept_by_name() {
        check(
            "action: labelmap, regex: '([ab])', replacement: 'new_$1'",
            r#"{a="foo", b="bar", c="baz", new_a="foo", new_b="bar"}"#,
        );
        check("action: labeldrop, regex: 'a|b'", r#"{c="baz"}"#);
        check("action: labelkeep, regex: 'a|b'", r#"{a="foo", b="bar"}"#);
    }

    #[test]
    fn values_are_hashed_and_their_case_is_changed() {
        check(
            "action: hashmod, source_labels: [c], target_label: d, modulus: 1000",
            r#"{a="foo", b="bar", c="baz", d="976"}"#,
        );
        check(
            "action: uppercase, source_labels: [a, b], target_label: d",
            r#"{a="foo", b="bar", c="baz", d="FOO;BAR"}"#,
        );
        check("action: LowerCase, source_labels: [a], target_label: a", r#"{a="foo", b="bar", c="baz"}"#);
    }
}
