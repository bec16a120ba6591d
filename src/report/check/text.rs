//! `--format text`: each finding with the excerpt of the person's file, then the sum.

use super::{CheckLook, Checked};
use crate::stack::wiring::DocumentPart;

pub fn text(checked: &Checked<'_>, look: CheckLook) -> String {
    let mut text = String::new();
    for finding in checked.findings {
        text.push_str(finding.render(look.colour).trim_end());
        text.push_str("\n\n");
    }
    if look.parts {
        text.push_str(&parts(checked.parts));
        text.push('\n');
    }
    text.push_str(&summary(checked));
    text
}

/// Every part, below its file.
fn parts(parts: &[DocumentPart]) -> String {
    let mut text = String::new();
    let mut file = "";
    for part in parts {
        let path = part.place.file.path();
        if path != file {
            file = path;
            text.push_str(&format!("{path}\n"));
        }
        let what = match &part.unread {
            Some(reason) => format!("not read: {reason}"),
            None => part.kind.as_str().to_owned(),
        };
        let name = part.name.as_deref().filter(|name| *name != path);
        let name = name.map(|name| format!("  ({name})")).unwrap_or_default();
        text.push_str(&format!("{:>6}  {what}{name}\n", part.place.line()));
        for object in &part.objects {
            let line = object.span.line();
            text.push_str(&format!("{line:>8}  {}\n", object.value));
        }
    }
    text
}

fn summary(checked: &Checked<'_>) -> String {
    let unread = checked.parts.iter().filter(|part| part.unread.is_some()).count();
    let read = checked.parts.len() - unread;
    let parts = if read == 1 { "1 part".to_owned() } else { format!("{read} parts") };
    let mut summary = format!("{}; {parts} of the documents read", checked.by_harm());
    if unread > 0 {
        summary.push_str(&format!(", {unread} not read (--verbose lists them)"));
    }
    if checked.known > 0 {
        summary.push_str(&format!("; {} known to the baseline", checked.known));
    }
    summary.push('\n');
    summary
}
