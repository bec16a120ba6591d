//! An alert's labels and annotations: the rule's templates, expanded for one element of its result.

use std::sync::Arc;

use super::alert::Element;
use super::prometheus_template::{AlertTemplate, AlertTemplateData};
use crate::diagnostic::Spanned;
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::{Engine, Storage, Value};
use crate::stack::{Rule, RuleKind, Version};
use crate::time::Timestamp;
use crate::timeline::ActiveAlert;

/// What all templates see beside the element.
#[derive(Clone, Debug)]
pub struct AlertTexts {
    pub external_labels: Labels,
    pub external_url: String,
    /// The Prometheus imitated: newer ones know more functions.
    pub version: Version,
}

/// Where a template's `query` looks.
pub struct Look<'a> {
    pub engine: &'a Engine,
    pub storage: &'a Storage,
}

/// The templates of one alerting rule.
pub struct AlertText {
    name: Arc<str>,
    labels: Vec<Text>,
    annotations: Vec<Text>,
    texts: AlertTexts,
}

struct Text {
    label: Arc<str>,
    /// A text that is no template stands for itself; the readers refuse it before it comes this far.
    template: Result<AlertTemplate, Arc<str>>,
}

impl AlertText {
    pub fn new(rule: &Rule, texts: &AlertTexts) -> Self {
        let alert = rule.name().value.as_str();
        let read = |pairs: &[(Spanned<String>, Spanned<String>)]| -> Vec<Text> {
            let text = |(label, text): &(Spanned<String>, Spanned<String>)| Text {
                label: label.value.as_str().into(),
                template: AlertTemplate::parse(alert, &text.value, texts.version)
                    .map_err(|_| text.value.as_str().into()),
            };
            pairs.iter().map(text).collect()
        };
        AlertText {
            name: alert.into(),
            labels: read(&rule.labels),
            annotations: match &rule.kind {
                RuleKind::Alerting { annotations, .. } => read(annotations),
                RuleKind::Recording { .. } => Vec::new(),
            },
            texts: texts.clone(),
        }
    }

    /// Whether an element's labels depend on nothing but the series of the result.
    pub fn labels_are_fixed(&self) -> bool {
        let plain = |text: &Text| text.template.as_ref().map_or(true, AlertTemplate::is_plain);
        self.labels.iter().all(plain)
    }

    /// The alert's labels for a series of the expression's result.
    pub fn labels(&self, result: &Labels, value: f64, at: Timestamp, look: &Look<'_>) -> Labels {
        let mut labels = result.builder();
        labels.remove(METRIC_NAME);
        for text in &self.labels {
            labels.set(Arc::clone(&text.label), self.expand(text, result, value, at, look));
        }
        labels.set("alertname", Arc::clone(&self.name));
        labels.build()
    }

    /// The element as `/api/v1/alerts` would show it.
    pub fn active_alert(&self, element: &Element, at: Timestamp, look: &Look<'_>) -> ActiveAlert {
        // What keeps firing without a result has the texts of the last one.
        let at = element.seen_at.unwrap_or(at);
        let annotations = self.annotations.iter().map(|text| {
            (Arc::clone(&text.label), self.expand(text, &element.result, element.value, at, look))
        });
        ActiveAlert {
            labels: element.labels.clone(),
            annotations: Labels::verbatim(annotations),
            state: element.state,
            active_at: element.active_at,
            value: element.value,
        }
    }

    fn expand(&self, text: &Text, result: &Labels, value: f64, at: Timestamp, look: &Look<'_>) -> Arc<str> {
        match &text.template {
            Err(literal) => Arc::clone(literal),
            Ok(template) => {
                let AlertTexts { external_labels, external_url, .. } = &self.texts;
                let data = AlertTemplateData::new(result, external_labels, external_url, value, at);
                template.expand(&data, &|expr| look.query(expr, at)).into()
            }
        }
    }
}

impl Look<'_> {
    /// The instant vector that a template's `query` gets.
    fn query(&self, expr: &str, at: Timestamp) -> Result<Vec<(Labels, f64)>, String> {
        let expr = crate::promql::parse_as(expr, self.engine.semantics).map_err(|error| error.to_string())?;
        let answer = self.engine.instant(self.storage, &expr, at).map_err(|error| error.to_string())?;
        Ok(match answer.value {
            Value::Scalar(value) => vec![(Labels::empty(), value)],
            Value::Vector(samples) => samples
                .into_iter()
                .map(|sample| (sample.labels, sample.value.float().unwrap_or(f64::NAN)))
                .collect(),
            Value::String(_) | Value::Matrix(_) => {
                return Err("query result is not a vector or scalar".into());
            }
        })
    }
}
