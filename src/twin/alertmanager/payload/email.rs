//! Mails: templated headers, a plain and a formatted body.

use super::{RenderError, Rendered, Rendering, hex_sha256};
use crate::stack::alertmanager::Settings;
use crate::timeline::{Mail, Message};

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let from =
        rendering.setting(settings, "from").map_err(|error| error.context("execute 'from' template"))?;
    let to = rendering.setting(settings, "to").map_err(|error| error.context("execute 'to' template"))?;
    let senders = addresses(&from).map_err(|error| error.context("parse 'from' addresses"))?;
    let [sender] = senders.as_slice() else {
        let reason = format!("must be exactly one 'from' address (got: {})", senders.len());
        return Err(RenderError::new(reason));
    };
    let receivers = addresses(&to).map_err(|error| error.context("parse 'to' addresses"))?;
    let mut headers = Vec::new();
    for (name, template) in settings.text_map("headers") {
        let value = rendering
            .text(template)
            .map_err(|error| error.context(&format!("execute \"{name}\" header template")))?;
        headers.push((name.to_owned(), value));
    }
    if let Some(threading) = settings.object("threading").filter(|threading| threading.flag("enabled")) {
        let day = match threading.text("thread_by_date") {
            "none" => String::new(),
            _ => super::rfc3339(Some(rendering.notice.at)).chars().take(10).collect(),
        };
        let hash = hex_sha256(rendering.notice.group_key);
        let root = format!("<alert-{}-{day}@alertmanager>", &hash[..16]);
        headers.push(("References".to_owned(), root.clone()));
        headers.push(("In-Reply-To".to_owned(), root));
    }
    let body = |key: &str, html: bool| -> Result<Option<String>, RenderError> {
        let template = settings.text(key);
        if template.is_empty() {
            return Ok(None);
        }
        let body = if html { rendering.html(template) } else { rendering.text(template) };
        body.map(Some).map_err(|error| error.context(&format!("execute {key} template")))
    };
    let mail = Mail {
        from: sender.clone(),
        text: body("text", false)?,
        html: body("html", true)?,
        headers,
        to: receivers,
    };
    Ok(Rendered { address: mail.to.join(", "), message: Message::Mail(mail) })
}

/// The addresses of a header: `Ops <ops@example.com>, boss@example.com`.
fn addresses(text: &str) -> Result<Vec<String>, RenderError> {
    let mut found = Vec::new();
    for part in split(text) {
        let part = part.trim();
        let address = match (part.rfind('<'), part.ends_with('>')) {
            (Some(open), true) => &part[open + 1..part.len() - 1],
            _ => part,
        };
        match address.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !address.contains(' ') => {
                found.push(address.to_owned());
            }
            _ if part.is_empty() => return Err(RenderError::new("mail: no address")),
            _ => return Err(RenderError::new("mail: missing '@' or angle-addr")),
        }
    }
    Ok(found)
}

/// At commas outside of quotes.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_alone_or_after_a_name() {
        let check = |text: &str, expected: Result<&[&str], &str>| {
            let got = addresses(text).map_err(|error| error.reason);
            let expected = expected
                .map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>())
                .map_err(str::to_owned);
            assert_eq!(got, expected, "{text}");
        };
        check("ops@example.com", Ok(&["ops@example.com"]));
        check("Ops <ops@example.com>, boss@example.com", Ok(&["ops@example.com", "boss@example.com"]));
        check("\"Smith, Jo\" <jo@example.com>", Ok(&["jo@example.com"]));
        check("ops", Err("mail: missing '@' or angle-addr"));
        check("", Err("mail: no address"));
    }
}
