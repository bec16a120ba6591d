//! Who makes spans, and where they send them.

use super::Home;
use crate::diagnostic::{Span, Spanned};

/// Everything that the documented code says about traces.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    pub clients: Vec<TraceClient>,
    pub collectors: Vec<CollectorConfig>,
    /// Status codes of spans that are written into the code.
    pub constant_statuses: Vec<Span>,
    /// `PrometheusExporter`s given to a reader that pushes.
    pub readers_as_exporters: Vec<Span>,
    /// Where OpenTelemetry's SDK is set up without a sampler, so that it keeps every trace.
    pub unsampled: Vec<Span>,
    /// Names that a package does not export: the name, the package.
    pub missing_exports: Vec<(Spanned<String>, &'static str)>,
    /// Arguments of Jaeger's tracer that give it no service's name.
    pub nameless: Vec<Span>,
    /// Paths as they were requested, in the names of spans.
    pub path_names: Vec<Span>,
}

/// A config of the OpenTelemetry Collector.
#[derive(Clone, Debug)]
pub struct CollectorConfig {
    pub home: Home,
    /// What is configured: the section, and the component's name.
    pub defined: Vec<(&'static str, Spanned<String>)>,
    pub pipelines: Vec<CollectorPipeline>,
    /// What `service.extensions` starts.
    pub extensions: Vec<Spanned<String>>,
}

impl CollectorConfig {
    /// Whether a section has a component of this name.
    pub fn has(&self, section: &str, name: &str) -> bool {
        self.defined.iter().any(|(own, component)| *own == section && component.value == name)
    }

    /// Every use of a component, with the sections that it may be defined in.
    pub fn uses(&self) -> impl Iterator<Item = (&Spanned<String>, &'static [&'static str])> {
        let of_pipelines = self.pipelines.iter().flat_map(|pipeline| {
            let receivers = pipeline.receivers.iter().map(|name| (name, &["receivers", "connectors"][..]));
            let processors = pipeline.processors.iter().map(|name| (name, &["processors"][..]));
            let exporters = pipeline.exporters.iter().map(|name| (name, &["exporters", "connectors"][..]));
            receivers.chain(processors).chain(exporters)
        });
        of_pipelines.chain(self.extensions.iter().map(|name| (name, &["extensions"][..])))
    }
}

/// What goes in, is changed and goes out, of one kind of signal.
#[derive(Clone, Debug)]
pub struct CollectorPipeline {
    /// `traces`, `metrics/2`
    pub name: Spanned<String>,
    pub receivers: Vec<Spanned<String>>,
    pub processors: Vec<Spanned<String>>,
    pub exporters: Vec<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceLibrary {
    /// `jaeger-client` for Node, `jaeger_client` for Python.
    Jaeger,
    /// OpenTelemetry's exporter for Jaeger.
    OpenTelemetryJaeger,
    /// OTLP over gRPC or HTTP.
    OpenTelemetry,
}

/// A tracer that application code sets up.
#[derive(Clone, Debug)]
pub struct TraceClient {
    pub library: TraceLibrary,
    /// The import.
    pub place: Span,
    /// The file that the code is said to be.
    pub file: Option<String>,
    pub service: Option<Spanned<String>>,
    /// The agent that it sends to over UDP; `None` where it sends to a collector.
    pub agent: Option<Agent>,
    pub endpoint: Option<Spanned<String>>,
    /// It keeps every trace.
    pub samples_all: Option<Span>,
    /// It runs in a browser.
    pub browser: bool,
    /// Where it starts the span of a request, if it does so by hand.
    pub starts: Option<Span>,
    /// It takes over the caller's context.
    pub extracts: bool,
}

/// A UDP port to which a client sends its spans.
#[derive(Clone, Debug)]
pub struct Agent {
    /// None where the client's default is left: its own host.
    pub host: Option<Spanned<String>>,
    pub port: u16,
}
