//! Tracers that application code sets up: jaeger-client and OpenTelemetry, for Node and Python.
//!
//! Promises: only what stands in the code as a literal, also behind `||` and in `getenv`'s default; code is not run.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::stack::wiring::{Agent, TraceClient, TraceLibrary, Traces};

/// Takes the tracers of a file of code into what is known.
pub fn read(file: &SourceFile, name: Option<&str>, traces: &mut Traces) {
    let text = file.text();
    traces.clients.extend(client(file, name));
    for found in STATUS.as_ref().map(|regex| regex.captures_iter(text)).into_iter().flatten() {
        if let Some(status) = found.get(1) {
            traces.constant_statuses.push(file.span(status.start()..status.end()));
        }
    }
    if let Some(found) = capture(&READER, text)
        && let Some(exporter) = found.get(1)
        && is_prometheus(text, exporter.as_str())
    {
        traces.readers_as_exporters.push(file.span(exporter.start()..exporter.end()));
    }
    // What is written to the console fills no store.
    if !text.contains("ampler")
        && !text.contains("ConsoleSpanExporter")
        && let Some(found) = SET_UP.as_ref().and_then(|regex| regex.find(text))
    {
        traces.unsampled.push(file.span(found.start()..found.end() - 1));
    }
    for (regex, package, exports) in [
        (&JAEGER_NAMES, "jaeger-client", &JAEGER_EXPORTS[..]),
        (&PROM_NAMES, "prom-client", &PROM_EXPORTS[..]),
    ] {
        let Some(found) = capture(regex, text) else { continue };
        let Some(names) = found.get(1) else { continue };
        for (at, name) in words(names.as_str()) {
            if name.starts_with(|c: char| c.is_ascii_lowercase()) && !exports.contains(&name) {
                let start = names.start() + at;
                let name = Spanned::new(name.to_owned(), file.span(start..start + name.len()));
                traces.missing_exports.push((name, package));
            }
        }
    }
    for found in PATHS.as_ref().map(|regex| regex.captures_iter(text)).into_iter().flatten() {
        if let Some(path) = found.get(1) {
            traces.path_names.push(file.span(path.start()..path.end()));
        }
    }
    traces.nameless.extend(nameless(file));
}

/// The functions that the npm package jaeger-client exports; its classes and types start with a capital.
const JAEGER_EXPORTS: [&str; 4] = ["initTracer", "initTracerFromEnv", "experimental", "opentracing"];
/// Those of prom-client, in all of its versions.
const PROM_EXPORTS: [&str; 10] = [
    "register",
    "collectDefaultMetrics",
    "linearBuckets",
    "exponentialBuckets",
    "aggregators",
    "contentType",
    "prometheusContentType",
    "openMetricsContentType",
    "validateMetricName",
    "globalRegistry",
];

/// The first argument of `initTracer` where it gives the tracer no `serviceName`.
fn nameless(file: &SourceFile) -> Option<Span> {
    let text = file.text();
    let jaeger = text.contains("jaeger-client'") || text.contains("jaeger-client\"");
    let found = capture(&INIT, text).filter(|_| jaeger)?;
    let argument = found.get(1)?;
    let place = file.span(argument.start()..argument.end());
    let first = argument.as_str();
    if first.starts_with(['\'', '"', '`']) {
        return Some(place);
    }
    // An object that has a name, all of which is written there.
    let start =
        text.find(&format!("{first} = {{")).or_else(|| text.find(&format!("{first}: TracingConfig = {{")))?;
    let object = &text[start..];
    let end = object.find("\n}").unwrap_or(object.len());
    let named = ["serviceName", "..."].iter().any(|word| object[..end].contains(word));
    let later = text.contains(&format!("{first}.serviceName"));
    (!named && !later).then_some(place)
}

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}
pattern!(
    IMPORTED,
    r#"(?m)(?:from|require\()\s*['"](jaeger-client|@opentelemetry/exporter-jaeger|@opentelemetry/exporter-trace-otlp-[a-z]+)['"]|^\s*(?:from|import)\s+(jaeger_client|opentelemetry\.exporter\.jaeger[.\w]*|opentelemetry\.exporter\.otlp[.\w]*)"#
);
pattern!(READER, r"PeriodicExportingMetricReader\(\s*\{[^}]*?exporter:\s*(\w+|new\s+PrometheusExporter)");
pattern!(
    JAEGER_NAMES,
    r#"(?:import|const|let|var)\s*\{([^}]*)\}\s*(?:from|=\s*require\()\s*['"]jaeger-client['"]"#
);
pattern!(
    PROM_NAMES,
    r#"(?:import|const|let|var)\s*\{([^}]*)\}\s*(?:from|=\s*require\()\s*['"](?:@[\w.-]+/)?prom-client['"]"#
);
pattern!(INIT, r#"\b(?:initTracer|initJaeger\w*|initJaegerTracer)\(\s*(['"`][^'"`\n]*['"`]|\w+)"#);
pattern!(
    PATHS,
    r"(?:startSpan|startActiveSpan|start_span|start_as_current_span|start_active_span|updateName|update_name)\([^,;\n]*?\b((?:req|request|ctx)\.(?:path|url|originalUrl|full_path))\b"
);
pattern!(
    SERVICE,
    r#"(?:service_?[nN]ame['"]?\s*[:=]|["']service\.name["']\s*:|SERVICE_NAME\]\s*:|initTracer\w*\(|initJaeger\()\s*['"]([\w.-]+)['"]"#
);
pattern!(
    AGENT_HOST,
    r#"(?:agent_?[hH]ost(?:_name)?|reporting_host)['"]?\s*[:=]\s*(?:[^,'"\n]*(?:\|\||\?\?|,)\s*)?['"]([\w.-]+)['"]"#
);
pattern!(
    AGENT_PORT,
    r#"(?:agent_?[pP]ort|reporting_port)['"]?\s*[:=]\s*(?:[^,\n]*(?:\|\||\?\?)\s*)?['"]?(\d+)"#
);
pattern!(
    ENDPOINT,
    r#"(?:collector_?[eE]ndpoint|endpoint|url)['"]?\s*[:=]\s*(?:[^,'"\n]*(?:\|\||\?\?)\s*)?['"](https?://[^'"]+)['"]"#
);
pattern!(CONST_SAMPLER, r#"type['"]?\s*:\s*['"]const['"]\s*,\s*['"]?param['"]?\s*:\s*(?:1|[Tt]rue)\b"#);
pattern!(
    ALL_SAMPLER,
    r"ConstSampler\((?:true|True|1)\)|AlwaysOnSampler\(|\bALWAYS_ON\b|TraceIdRatioBased(?:Sampler)?\((?:1|1\.0)\)|type['\x22]?\s*:\s*['\x22]probabilistic['\x22]\s*,\s*['\x22]?param['\x22]?\s*:\s*1(?:\.0)?\s*[,}\n]"
);
// Node's, Python's and Go's; a page's own spans are another matter.
pattern!(SET_UP, r"\bnew (?:NodeSDK|NodeTracerProvider|BasicTracerProvider)\(|\b(?:New)?TracerProvider\(");
pattern!(STARTED, r"\btracer\.start_?[sS]pan\(");
pattern!(STATUS, r#"set_?[aA]ttribute\(\s*['"]http\.(?:response\.)?status_code['"]\s*,\s*(2\d\d)\s*\)"#);
pattern!(
    EXTRACTED,
    r"\.extract\(|childOf|child_of|start_active_span|startActiveSpan|getNodeAutoInstrumentations|FlaskTracing|DjangoTracing|opentracing_instrumentation|Instrumentor\("
);

fn client(file: &SourceFile, name: Option<&str>) -> Option<TraceClient> {
    let text = file.text();
    let found = capture(&IMPORTED, text)?;
    let module = found.get(1).or(found.get(2))?;
    let python = found.get(2).is_some();
    let library = match module.as_str() {
        "jaeger-client" | "jaeger_client" => TraceLibrary::Jaeger,
        module if module.contains("jaeger") => TraceLibrary::OpenTelemetryJaeger,
        _ => TraceLibrary::OpenTelemetry,
    };
    let literal = |regex: &Option<Regex>| {
        let found = capture(regex, text)?.get(1)?;
        Some(Spanned::new(found.as_str().to_owned(), file.span(found.start()..found.end())))
    };
    let endpoint = literal(&ENDPOINT);
    let port = literal(&AGENT_PORT).and_then(|port| port.value.parse().ok());
    let default = if python { 6831 } else { 6832 };
    let host = literal(&AGENT_HOST);
    let by_agent = library != TraceLibrary::OpenTelemetry && (endpoint.is_none() || host.is_some());
    let place = |regex: &Option<Regex>| {
        let found = regex.as_ref()?.find(text)?;
        Some(file.span(found.start()..found.end()))
    };
    Some(TraceClient {
        library,
        place: file.span(module.start()..module.end()),
        file: name.map(str::to_owned),
        service: literal(&SERVICE),
        agent: by_agent.then(|| Agent { host, port: port.unwrap_or(default) }),
        endpoint,
        samples_all: place(&CONST_SAMPLER).or_else(|| place(&ALL_SAMPLER)).map(first_line),
        browser: is_browser(text, name),
        starts: place(&STARTED),
        extracts: EXTRACTED.as_ref().is_some_and(|regex| regex.is_match(text)),
    })
}

fn capture<'t>(regex: &Option<Regex>, text: &'t str) -> Option<Captures<'t>> {
    regex.as_ref()?.captures(text)
}

/// A caret under several lines says less than one under the first.
fn first_line(span: Span) -> Span {
    let length = span.text().lines().next().unwrap_or_default().len();
    span.file.span(span.start..span.start + length)
}

fn is_browser(text: &str, name: Option<&str>) -> bool {
    let name = name.unwrap_or_default();
    let folders = ["frontend/", "client/src/", "web/src/", "webapp/", "ui/src/"];
    folders.iter().any(|folder| name.contains(folder))
        || name.ends_with(".tsx")
        || name.ends_with(".jsx")
        || ["from 'react'", "from \"react\"", "window.", "document.get"]
            .iter()
            .any(|word| text.contains(word))
}

/// Whether a name stands for a PrometheusExporter.
fn is_prometheus(text: &str, name: &str) -> bool {
    name.contains("PrometheusExporter")
        || ["= new PrometheusExporter", "=new PrometheusExporter"]
            .iter()
            .any(|made| text.contains(&format!("{name} {made}")))
        || text.contains(&format!("{name}= new PrometheusExporter"))
}

/// The names in an import's braces, as the package has them.
fn words(names: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let pieces = names.split(',').filter_map(|piece| {
        let start = at + (piece.len() - piece.trim_start().len());
        at += piece.len() + 1;
        // `init as initJaeger`, and `init: initJaeger`.
        let name = piece.trim().split([' ', ':']).next().filter(|name| !name.is_empty())?;
        (name != "type").then_some((start, name))
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tracer as `library service host:port endpoint all browser starts extracts`.
    #[track_caller]
    fn check(name: &str, code: &str, expected: &str) {
        let mut traces = Traces::default();
        read(&SourceFile::new(name, code), Some(name), &mut traces);
        let got = traces.clients.first().map(|client| {
            let text = |text: &Option<Spanned<String>>| {
                text.as_ref().map_or("-".to_owned(), |text| text.value.clone())
            };
            let agent = client
                .agent
                .as_ref()
                .map_or("-".to_owned(), |agent| format!("{}:{}", text(&agent.host), agent.port));
            let flags: Vec<&str> = [
                client.samples_all.as_ref().map(|_| "all"),
                client.browser.then_some("browser"),
                client.starts.as_ref().map(|_| "starts"),
                client.extracts.then_some("extracts"),
            ]
            .into_iter()
            .flatten()
            .collect();
            format!(
                "{:?} {} {agent} {} {}",
                client.library,
                text(&client.service),
                text(&client.endpoint),
                flags.join(" ")
            )
        });
        assert_eq!(got.unwrap_or_default(), expected);
    }

    #[test]
    fn jaeger_s_own_clients() {
        check(
            "a.ts",
            "import { initTracer } from \"jaeger-client\";\nconst config = {\n  serviceName: \"api\",\n  sampler: {\n    type: \
             \"const\",\n    param: 1,\n  },\n  reporter: { agentHost: process.env.HOST || \"jaeger-agent\", agentPort: \
             process.env.PORT || 6832 },\n};\napp.use(() => tracer.startSpan('x'));\n",
            "Jaeger api jaeger-agent:6832 - all starts",
        );
        check(
            "a.py",
            "from jaeger_client import Config\nc = Config(config={'sampler': {'type': 'const', 'param': 1}}, \
             service_name='api')\nFlaskTracing(t, True, app)",
            "Jaeger api -:6831 - all extracts",
        );
        check(
            "frontend/src/t.ts",
            "import { init as initJaeger } from 'jaeger-client';\ninitJaeger(\n  'web',",
            "Jaeger web -:6832 - browser",
        );
    }

    #[test]
    fn opentelemetry_s_exporters() {
        check(
            "t.py",
            "from opentelemetry.exporter.jaeger.thrift import JaegerExporter\ne = JaegerExporter(\n  agent_host_name=\"jaeger\",\n  \
             agent_port=6831,\n)\nResource.create({\"service.name\": \"api\"})",
            "OpenTelemetryJaeger api jaeger:6831 - ",
        );
        check(
            "t.js",
            "const { JaegerExporter } = require('@opentelemetry/exporter-jaeger');\nnew JaegerExporter({\n  endpoint: \
             process.env.E || 'http://jaeger:14268/api/traces',\n});\n[SemanticResourceAttributes.SERVICE_NAME]: 'web',",
            "OpenTelemetryJaeger web - http://jaeger:14268/api/traces ",
        );
        check("t.js", "import { x } from '@opentelemetry/api';", "");
    }

    #[test]
    fn an_sdk_that_is_set_up_without_a_sampler_is_found() {
        let unsampled = |code: &str| {
            let mut traces = Traces::default();
            read(&SourceFile::new("a", code), None, &mut traces);
            traces.unsampled.iter().map(|place| place.text().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(unsampled("const sdk = new NodeSDK({ traceExporter });"), ["new NodeSDK"]);
        assert_eq!(
            unsampled("import TracerProvider\nprovider = TracerProvider(resource=r)"),
            ["TracerProvider"]
        );
        assert_eq!(unsampled("tp := sdktrace.NewTracerProvider(\n)"), ["NewTracerProvider"]);
        assert!(unsampled("new NodeSDK({ sampler: new ParentBasedSampler({ root }) })").is_empty());
        assert!(unsampled("new WebTracerProvider()").is_empty());
        assert!(unsampled("new TracerProvider({ e: new ConsoleSpanExporter() })").is_empty());
        assert!(unsampled("trace.get_tracer_provider()").is_empty());
    }

    #[test]
    fn names_that_a_package_does_not_export_are_found() {
        let mut traces = Traces::default();
        let code = "import { init as initJaeger, initTracer } from 'jaeger-client';";
        read(&SourceFile::new("a.ts", code), None, &mut traces);
        let code = "import { init as initPrometheus, register, Counter } from '@x/prom-client';";
        read(&SourceFile::new("b.ts", code), None, &mut traces);
        let names: Vec<String> =
            traces.missing_exports.iter().map(|(name, _)| format!("{} {}", name.span, name.value)).collect();
        assert_eq!(names, ["a.ts:1:10 init", "b.ts:1:10 init"]);
    }

    #[test]
    fn a_jaeger_tracer_without_a_service_s_name_is_found() {
        let check = |code: &str, expected: &[&str]| {
            let mut traces = Traces::default();
            let code = format!("import {{ initTracer }} from 'jaeger-client';\n{code}");
            read(&SourceFile::new("a.ts", code), None, &mut traces);
            let got: Vec<&str> = traces.nameless.iter().map(Span::text).collect();
            assert_eq!(got, expected, "{:?}", traces.nameless);
        };
        check("initTracer('api', { sampler: {} });", &["'api'"]);
        check("const config = {\n  sampler: {},\n};\ninitTracer(config, {});", &["config"]);
        check("const config = {\n  serviceName: 'api',\n};\ninitTracer(config, {});", &[]);
        check("const config = {\n  sampler: {},\n};\nconfig.serviceName = 'api';\ninitTracer(config);", &[]);
        check("initTracer(settings(), {});", &[]);
    }

    #[test]
    fn paths_in_the_names_of_spans_are_found() {
        let mut traces = Traces::default();
        let code = "tracer.startSpan(`${req.method} ${req.path}`);\nspan.updateName(route);\ntracer.start_as_current_span(request.path)";
        read(&SourceFile::new("a.ts", code), None, &mut traces);
        let got: Vec<&str> = traces.path_names.iter().map(Span::text).collect();
        assert_eq!(got, ["req.path", "request.path"]);
    }
}
