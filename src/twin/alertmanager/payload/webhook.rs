//! The generic webhook: all alerts as JSON, version 4.

use serde_json::Value;

use super::json::{Object, expand_deep};
use super::{Notice, RenderError, Rendered, Rendering, inline_or_file, post_json, rfc3339};
use crate::golang::regex::quote_meta;
use crate::labels::Labels;
use crate::stack::alertmanager::{Setting, Settings, Version};
use crate::timeline::{AlertStatus, NotifiedAlert};

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let url = rendering
        .text(&inline_or_file(settings, "url"))
        .map_err(|error| error.context("failed to template webhook URL"))?;
    if url.is_empty() {
        return Err(RenderError::new("webhook URL is empty after templating"));
    }
    let body = match settings.get("payload") {
        Some(Setting::Json(payload)) => expand_deep(payload, rendering)
            .map_err(|error| error.context("failed to render custom payload"))?,
        _ => message(rendering.notice, settings.number("max_alerts"), "4"),
    };
    Ok(Rendered { address: url.clone(), message: post_json(url, body) })
}

/// The message with at most `max_alerts` alerts (0 for all); what is common is common to those sent.
pub fn message(notice: &Notice<'_>, max_alerts: i64, version: &str) -> Value {
    let most = match usize::try_from(max_alerts) {
        Ok(0) | Err(_) => notice.alerts.len(),
        Ok(most) => most.min(notice.alerts.len()),
    };
    let alerts = &notice.alerts[..most];
    let status = match alerts.iter().any(|alert| alert.status == AlertStatus::Firing) {
        true => AlertStatus::Firing,
        false => AlertStatus::Resolved,
    };
    let mut message = Object::default()
        // Alertmanager writes the name as a pattern that matches it.
        .put("receiver", quote_meta(notice.receiver))
        .put("status", status.as_str())
        .put("alerts", alerts.iter().map(alert).collect::<Vec<Value>>());
    if notice.version >= Version(32) {
        message = message.put("notification_reason", notice.reason.as_str());
    }
    message = message
        .put("groupLabels", labels(notice.group_labels))
        .put("commonLabels", labels(&common(alerts, |alert| &alert.labels)))
        .put("commonAnnotations", labels(&common(alerts, |alert| &alert.annotations)));
    if notice.version >= Version(34) {
        message = message.put("routeLabels", labels(notice.route_labels));
    }
    message
        .put("externalURL", notice.external_url)
        .put("version", version)
        .put("groupKey", notice.group_key)
        .put("truncatedAlerts", notice.alerts.len() - most)
        .build()
}

fn alert(alert: &NotifiedAlert) -> Value {
    Object::default()
        .put("status", alert.status.as_str())
        .put("labels", labels(&alert.labels))
        .put("annotations", labels(&alert.annotations))
        .put("startsAt", rfc3339(Some(alert.starts_at)))
        .put("endsAt", rfc3339(alert.ends_at))
        .put("generatorURL", &*alert.generator_url)
        .put("fingerprint", format!("{:016x}", alert.fingerprint))
        .build()
}

fn labels(labels: &Labels) -> Value {
    labels.iter().fold(Object::default(), |object, (name, value)| object.put(name, value)).build()
}

fn common<'a>(alerts: &'a [NotifiedAlert], of: impl Fn(&'a NotifiedAlert) -> &'a Labels) -> Labels {
    let Some((first, rest)) = alerts.split_first() else { return Labels::empty() };
    let shared =
        of(first).iter().filter(|(name, value)| rest.iter().all(|alert| of(alert).get(name) == Some(*value)));
    Labels::from_pairs(shared)
}
