//! Writing an instance's samples in the text format 0.0.4.

use std::fmt::Write;

use crate::golang::{FloatFormat, format_float};
use crate::labels::{Labels, METRIC_NAME};
use crate::time::Timestamp;
use crate::workload::instrument::Family;
use crate::workload::{InstanceId, Workload};

/// What the instance answers at `at`: families in the order of their names, each with its help and type.
///
/// In a world that runs `speed` times as fast as the one who reads it, counts are divided by as much: their rates
/// per second are then what they should be.
pub fn write(workload: &Workload, id: InstanceId, at: Timestamp, speed: u32) -> String {
    let service = workload.service(id);
    let mut by_family: Vec<Vec<(usize, f64)>> = vec![Vec::new(); service.families().len()];
    workload.samples(id, at, |position, value| {
        by_family[service.series_family(position)].push((position, value));
    });
    let mut families: Vec<_> = service.families().iter().zip(by_family).collect();
    families.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let mut out = String::new();
    for (family, samples) in families {
        if samples.is_empty() {
            continue;
        }
        if !family.help.is_empty() {
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            let _ = writeln!(out, "# HELP {} {help}", family.name);
        }
        let _ = writeln!(out, "# TYPE {} {}", family.name, family.kind);
        for (position, value) in samples {
            let labels = service.series_labels(position);
            series(&mut out, labels);
            let value = if counts(family, labels) { value / f64::from(speed) } else { value };
            let _ = writeln!(out, " {}", number(value));
        }
    }
    out
}

/// The positions of the instance's series in the order in which it writes them.
pub fn order(workload: &Workload, id: InstanceId) -> Vec<usize> {
    let service = workload.service(id);
    let family = |position: &usize| &service.families()[service.series_family(*position)].name;
    let mut positions: Vec<usize> = (0..workload.series_count(id)).collect();
    positions.sort_by(|a, b| family(a).cmp(family(b)));
    positions
}

/// Whether the series only ever grows. A summary's quantiles do not: they have the family's own name.
fn counts(family: &Family, labels: &Labels) -> bool {
    match family.kind {
        "counter" | "histogram" => true,
        "summary" => labels.name() != family.name,
        _ => false,
    }
}

fn series(out: &mut String, labels: &Labels) {
    out.push_str(labels.name());
    let mut opened = false;
    for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
        out.push(if opened { ',' } else { '{' });
        opened = true;
        let _ = write!(out, "{name}=\"");
        for c in value.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    if opened {
        out.push('}');
    }
}

fn number(value: f64) -> String {
    format_float(value, FloatFormat::General, None)
}
