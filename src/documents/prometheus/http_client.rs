//! How Prometheus speaks HTTP: authentication, TLS and proxies, the same in every place that has a URL.

use crate::diagnostic::{Diagnostic, Span};
use crate::documents::shape::{self, Key, Want, key};
use crate::documents::yaml::{Mapping, Node};
use crate::stack::Version;

const TLS_VERSIONS: Want = Want::Word(&["TLS10", "TLS11", "TLS12", "TLS13"]);

pub const TLS_CONFIG: &[Key] = &[
    key("ca", Want::Text).since(2, 49),
    key("cert", Want::Text).since(2, 49),
    key("key", Want::Secret).since(2, 49),
    key("ca_file", Want::Text),
    key("cert_file", Want::Text),
    key("key_file", Want::Text),
    key("ca_ref", Want::Text).since(2, 55),
    key("cert_ref", Want::Text).since(2, 55),
    key("key_ref", Want::Text).since(2, 55),
    key("server_name", Want::Text),
    key("insecure_skip_verify", Want::Bool),
    key("min_version", TLS_VERSIONS).since(2, 35),
    key("max_version", TLS_VERSIONS).since(2, 44),
];

const PROXY: &[Key] = &[
    key("proxy_url", Want::Url),
    key("no_proxy", Want::Text).since(2, 44),
    key("proxy_from_environment", Want::Bool).since(2, 44),
    key("proxy_connect_header", Want::SecretLists).since(2, 44),
];

const BASIC_AUTH: &[Key] = &[
    key("username", Want::Text),
    key("username_file", Want::Text).since(2, 49),
    key("username_ref", Want::Text).since(2, 55),
    key("password", Want::Secret),
    key("password_file", Want::Text),
    key("password_ref", Want::Text).since(2, 55),
];

const AUTHORIZATION: &[Key] = &[
    key("type", Want::Text),
    key("credentials", Want::Secret),
    key("credentials_file", Want::Text),
    key("credentials_ref", Want::Text).since(2, 55),
];

const OAUTH2: &[Key] = &[
    key("client_id", Want::Text),
    key("client_secret", Want::Secret),
    key("client_secret_file", Want::Text),
    key("client_secret_ref", Want::Text).since(2, 55),
    key("client_certificate_key_id", Want::Text).since(3, 8),
    key("client_certificate_key", Want::Secret).since(3, 8),
    key("client_certificate_key_file", Want::Text).since(3, 8),
    key("client_certificate_key_ref", Want::Text).since(3, 8),
    key("grant_type", Want::Text).since(3, 8),
    key("signature_algorithm", Want::Text).since(3, 8),
    key("iss", Want::Text).since(3, 8),
    key("audience", Want::Text).since(3, 8),
    key("claims", Want::Anything).since(3, 8),
    key("scopes", Want::Texts),
    key("token_url", Want::Url),
    key("endpoint_params", Want::SecretPairs),
    key("tls_config", Want::Mapping("tls_config", TLS_CONFIG)),
    key("proxy_url", Want::Url),
    key("no_proxy", Want::Text).since(2, 44),
    key("proxy_from_environment", Want::Bool).since(2, 44),
    key("proxy_connect_header", Want::SecretLists).since(2, 44),
];

const HTTP_HEADER: &[Key] =
    &[key("values", Want::Texts), key("secrets", Want::Texts), key("files", Want::Texts)];

const HTTP_CLIENT: &[Key] = &[
    key("basic_auth", Want::Mapping("basic_auth", BASIC_AUTH)),
    key("authorization", Want::Mapping("authorization", AUTHORIZATION)),
    key("oauth2", Want::Mapping("oauth2", OAUTH2)),
    key("bearer_token", Want::Secret),
    key("bearer_token_file", Want::Text),
    key("tls_config", Want::Mapping("tls_config", TLS_CONFIG)),
    key("follow_redirects", Want::Bool),
    key("enable_http2", Want::Bool).since(2, 35),
];

/// The options that stand inline among others.
pub fn check(mapping: &mut Mapping<'_>, version: Version, problems: &mut Vec<Diagnostic>) {
    shape::check(mapping, HTTP_CLIENT, version, problems);
    shape::check(mapping, PROXY, version, problems);
    if version >= Version::new(2, 55)
        && let Some(node) = mapping.get("http_headers")
    {
        headers(node, version, problems);
    }
    let mut checks = Checks { node: mapping.node, problems };
    checks.authentication();
    checks.proxy(mapping.node);
}

/// The keys given at most one of which may be set, and those that are set.
struct Checks<'c> {
    node: &'c Node,
    problems: &'c mut Vec<Diagnostic>,
}

impl Checks<'_> {
    fn authentication(&mut self) {
        let node = self.node;
        self.one_of(node, &["bearer_token", "bearer_token_file"]);
        let bearer = set(node, "bearer_token").or_else(|| set(node, "bearer_token_file"));
        if let Some((_, bearer)) = bearer {
            for other in ["authorization", "basic_auth", "oauth2"] {
                if let Some((name, _)) = set(node, other) {
                    let reason = match other {
                        "authorization" => {
                            "authorization is not compatible with bearer_token & bearer_token_file"
                        }
                        _ => {
                            "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"
                        }
                    };
                    self.conflict(reason, bearer, name);
                }
            }
        }
        if let Some(tls) = node.get("tls_config") {
            self.certificate(tls);
        }
        let ways: Vec<&Span> = ["basic_auth", "authorization", "oauth2"]
            .iter()
            .filter_map(|key| set(node, key))
            .map(|(name, _)| name)
            .collect();
        if let [first, .., last] = ways[..] {
            self.conflict(
                "at most one of basic_auth, authorization & oauth2 must be configured",
                last,
                first,
            );
        }
        if let Some(basic) = node.get("basic_auth") {
            self.one_of(basic, &["username", "username_file"]);
            self.one_of(basic, &["password", "password_file"]);
        }
        if let Some(authorization) = node.get("authorization") {
            self.one_of(authorization, &["credentials", "credentials_file"]);
            let kind = authorization.get("type").and_then(Node::scalar).unwrap_or_default();
            if kind.trim().eq_ignore_ascii_case("basic") {
                let reason = "authorization type cannot be set to \"basic\", use \"basic_auth\" instead";
                let place = authorization.get("type").map_or(&authorization.span, |node| &node.span);
                self.problems.push(Diagnostic::error("bad-http-client", reason).at(place));
            }
        }
        if let Some(oauth2) = node.get("oauth2").filter(|node| node.entries().is_some()) {
            self.one_of(oauth2, &["client_secret", "client_secret_file"]);
            for required in ["client_id", "token_url"] {
                if set(oauth2, required).is_none() {
                    self.missing(oauth2, format!("oauth2 {required} must be configured"));
                }
            }
            let secrets = [
                "client_secret",
                "client_secret_file",
                "client_secret_ref",
                "client_certificate_key",
                "client_certificate_key_file",
                "client_certificate_key_ref",
            ];
            if !secrets.iter().any(|key| set(oauth2, key).is_some()) {
                self.missing(
                    oauth2,
                    "either oauth2 client_secret or client_secret_file must be configured".into(),
                );
            }
            self.proxy(oauth2);
        }
    }

    fn certificate(&mut self, tls: &Node) {
        let certificate = ["cert", "cert_file", "cert_ref"].iter().find_map(|key| set(tls, key));
        let key = ["key", "key_file", "key_ref"].iter().find_map(|key| set(tls, key));
        let (reason, place) = match (certificate, key) {
            (Some((place, _)), None) => ("client cert file specified without client key file", place),
            (None, Some((place, _))) => ("client key file specified without client cert file", place),
            _ => return,
        };
        self.problems.push(Diagnostic::error("bad-http-client", reason).at(place).label("alone"));
    }

    fn proxy(&mut self, node: &Node) {
        let from_environment = set(node, "proxy_from_environment")
            .filter(|(_, value)| matches!(value.text(), "true" | "True" | "TRUE" | "yes" | "on"));
        let url = set(node, "proxy_url");
        if let (Some((_, environment)), Some((url, _))) = (from_environment, url) {
            let reason = "if proxy_from_environment is configured, proxy_url must not be configured";
            self.conflict(reason, environment, url);
        }
        let Some((no_proxy, _)) = set(node, "no_proxy") else { return };
        if from_environment.is_some() {
            let reason = "if proxy_from_environment is configured, no_proxy must not be configured";
            self.problems.push(Diagnostic::error("bad-http-client", reason).at(no_proxy));
        } else if url.is_none() {
            let reason = "if no_proxy is configured, proxy_url must also be configured";
            self.problems.push(Diagnostic::error("bad-http-client", reason).at(no_proxy));
        }
    }

    fn one_of(&mut self, node: &Node, keys: &[&str; 2]) {
        let [first, second] = keys.map(|key| set(node, key));
        if let (Some((first, _)), Some((second, _))) = (first, second) {
            self.conflict(
                &format!("at most one of {} & {} must be configured", keys[0], keys[1]),
                second,
                first,
            );
        }
    }

    fn missing(&mut self, node: &Node, reason: String) {
        self.problems.push(Diagnostic::error("missing-key", reason).at(&node.span).label("missing here"));
    }

    fn conflict(&mut self, reason: &str, second: &Span, first: &Span) {
        self.problems.push(
            Diagnostic::error("bad-http-client", reason).at(second).label("this").related(first, "and this"),
        );
    }
}

/// The places of a key and its value, where the key has one that is not empty.
fn set<'n>(node: &'n Node, key: &str) -> Option<(&'n Span, &'n Span)> {
    let (name, value) = node.entries()?.iter().find(|(name, _)| name.scalar() == Some(key))?;
    (!value.is_null() && value.scalar() != Some("")).then_some((&name.span, &value.span))
}

fn headers(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) {
    const RESERVED: [&str; 12] = [
        "authorization",
        "host",
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
    ];
    let Some(entries) = node.entries() else {
        problems.push(crate::documents::yaml::wrong_type(node, "a mapping of headers"));
        return;
    };
    for (name, header) in entries {
        for key in ["values", "secrets"] {
            for item in header.get(key).and_then(Node::items).unwrap_or_default() {
                item.span.conceal();
            }
        }
        shape::check_mapping(header, "HTTP header", HTTP_HEADER, version, problems);
        let text = name.scalar().unwrap_or_default();
        if RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
            problems.push(
                Diagnostic::error("bad-http-client", format!("setting header {text:?} is not allowed"))
                    .at(&name.span)
                    .label("Prometheus sets this itself"),
            );
        }
    }
}
