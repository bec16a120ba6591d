//! Who makes spans, and where they send them.

use crate::diagnostic::{Span, Spanned};

/// Everything that the documented code says about traces.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    pub clients: Vec<TraceClient>,
    /// Status codes of spans that are written into the code.
    pub constant_statuses: Vec<Span>,
    /// `PrometheusExporter`s given to a reader that pushes.
    pub readers_as_exporters: Vec<Span>,
    /// Names that a package does not export: the name, the package.
    pub missing_exports: Vec<(Spanned<String>, &'static str)>,
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
