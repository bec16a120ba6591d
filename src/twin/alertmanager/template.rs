//! Alertmanager's templates: what they see, and what they give.

use crate::diagnostic::SourceFile;
use crate::labels::Labels;
use crate::time::Timestamp;

/// The templates of a configuration: the default ones, and the team's own over them.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    files: Vec<SourceFile>,
}

/// Why a template gives nothing, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);

/// What a template sees as `.`.
#[derive(Clone, Debug)]
pub struct Data {
    pub receiver: String,
    pub group_labels: Labels,
    pub external_url: String,
    pub alerts: Vec<TemplateAlert>,
    common_labels: Labels,
}

#[derive(Clone, Debug)]
pub struct TemplateAlert {
    pub status: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub generator_url: String,
    pub fingerprint: String,
}

impl Templates {
    pub fn new(files: &[SourceFile]) -> Result<Templates, TemplateError> {
        Ok(Templates { files: files.to_vec() })
    }

    pub fn text(&self, template: &str, data: &Data) -> Result<String, TemplateError> {
        Err(TemplateError(format!("{template}: {} {}", self.files.len(), data.receiver)))
    }

    pub fn html(&self, template: &str, data: &Data) -> Result<String, TemplateError> {
        self.text(template, data)
    }
}

impl Data {
    pub fn new(
        receiver: &str,
        group_labels: &Labels,
        external_url: &str,
        alerts: Vec<TemplateAlert>,
    ) -> Data {
        let common_labels = alerts.first().map_or_else(Labels::empty, |alert| alert.labels.clone());
        Data {
            receiver: receiver.to_owned(),
            group_labels: group_labels.clone(),
            external_url: external_url.to_owned(),
            alerts,
            common_labels,
        }
    }

    pub fn common_labels(&self) -> &Labels {
        &self.common_labels
    }
}
