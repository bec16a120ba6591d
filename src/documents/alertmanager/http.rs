//! `http_config` and `tls_config`, shared by everything that speaks HTTP.

use crate::stack::alertmanager::Settings;

use super::schema::{Field, Object, Refusal, Type, field};

pub static HTTP_CONFIG: Object = Object {
    what: "http_config",
    fields: &[
        field("basic_auth", Type::Object(&BASIC_AUTH)),
        field("authorization", Type::Object(&AUTHORIZATION)),
        field("oauth2", Type::Object(&OAUTH2)),
        field("bearer_token", Type::Text),
        field("bearer_token_file", Type::Text),
        field("tls_config", Type::Object(&TLS_CONFIG)),
        field("follow_redirects", Type::Flag).or("true"),
        field("enable_http2", Type::Flag).or("true"),
        PROXY_URL,
        NO_PROXY,
        PROXY_FROM_ENVIRONMENT,
        PROXY_CONNECT_HEADER,
        field("http_headers", Type::HttpHeaders).since(28),
    ],
    check: Some(check),
};

const PROXY_URL: Field = field("proxy_url", Type::ProxyUrl);
const NO_PROXY: Field = field("no_proxy", Type::Text).since(26);
const PROXY_FROM_ENVIRONMENT: Field = field("proxy_from_environment", Type::Flag).since(26);
const PROXY_CONNECT_HEADER: Field = field("proxy_connect_header", Type::Json).since(26);

pub static TLS_CONFIG: Object = Object {
    what: "tls_config",
    fields: &[
        field("ca", Type::Text).since(26),
        field("cert", Type::Text).since(26),
        field("key", Type::Text).since(26),
        field("ca_file", Type::Text),
        field("cert_file", Type::Text),
        field("key_file", Type::Text),
        field("ca_ref", Type::Text).since(28),
        field("cert_ref", Type::Text).since(28),
        field("key_ref", Type::Text).since(28),
        field("server_name", Type::Text),
        field("insecure_skip_verify", Type::Flag),
        field("min_version", Type::Text),
        field("max_version", Type::Text),
    ],
    check: Some(check_tls),
};

static BASIC_AUTH: Object = Object {
    what: "basic_auth",
    fields: &[
        field("username", Type::Text),
        field("username_file", Type::Text).since(27),
        field("username_ref", Type::Text).since(28),
        field("password", Type::Text),
        field("password_file", Type::Text),
        field("password_ref", Type::Text).since(28),
    ],
    check: None,
};

static AUTHORIZATION: Object = Object {
    what: "authorization",
    fields: &[
        field("type", Type::Text),
        field("credentials", Type::Text),
        field("credentials_file", Type::Text),
        field("credentials_ref", Type::Text).since(28),
    ],
    check: None,
};

static OAUTH2: Object = Object {
    what: "oauth2",
    fields: &[
        field("client_id", Type::Text),
        field("client_secret", Type::Text),
        field("client_secret_file", Type::Text),
        field("client_secret_ref", Type::Text).since(28),
        field("client_certificate_key_id", Type::Text).since(29),
        field("client_certificate_key", Type::Text).since(29),
        field("client_certificate_key_file", Type::Text).since(29),
        field("client_certificate_key_ref", Type::Text).since(29),
        field("grant_type", Type::Text).since(29),
        field("signature_algorithm", Type::Text).since(29),
        field("iss", Type::Text).since(29),
        field("audience", Type::Text).since(29),
        field("claims", Type::Json).since(29),
        field("scopes", Type::TextList),
        field("token_url", Type::Text),
        field("endpoint_params", Type::TextMap),
        field("tls_config", Type::Object(&TLS_CONFIG)),
        PROXY_URL,
        NO_PROXY,
        PROXY_FROM_ENVIRONMENT,
        PROXY_CONNECT_HEADER,
    ],
    check: None,
};

pub static HEADER: Object = Object {
    what: "http_headers",
    fields: &[
        field("values", Type::TextList),
        field("secrets", Type::TextList),
        field("files", Type::TextList),
    ],
    check: None,
};

/// Headers that Alertmanager sets itself.
pub fn reserved_header(name: &str) -> Option<String> {
    const RESERVED: [&str; 18] = [
        "Authorization",
        "Host",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "User-Agent",
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Www-Authenticate",
        "Accept-Encoding",
        "X-Prometheus-Remote-Write-Version",
        "X-Prometheus-Remote-Read-Version",
        "X-Prometheus-Scrape-Timeout-Seconds",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Amz-Content-Sha256",
    ];
    let reserved = RESERVED.iter().find(|reserved| reserved.eq_ignore_ascii_case(name))?;
    Some(format!("setting header \"{reserved}\" is not allowed"))
}

fn check(settings: &Settings) -> Result<(), Refusal> {
    let bearer = settings.has_text("bearer_token") || settings.has_text("bearer_token_file");
    let basic = settings.object("basic_auth");
    let oauth2 = settings.object("oauth2");
    let both = |settings: &Settings, a: &str, b: &str| settings.has_text(a) && settings.has_text(b);
    let refuse = |reason: &str, key: &'static str| Err(Refusal::new(reason).at(key));
    if both(settings, "bearer_token", "bearer_token_file") {
        return refuse(
            "at most one of bearer_token & bearer_token_file must be configured",
            "bearer_token_file",
        );
    }
    if (basic.is_some() || oauth2.is_some()) && bearer {
        return refuse(
            "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
            if basic.is_some() { "basic_auth" } else { "oauth2" },
        );
    }
    if basic.is_some_and(|basic| both(basic, "username", "username_file")) {
        return refuse("at most one of basic_auth username & username_file must be configured", "basic_auth");
    }
    if basic.is_some_and(|basic| both(basic, "password", "password_file")) {
        return refuse("at most one of basic_auth password & password_file must be configured", "basic_auth");
    }
    if let Some(authorization) = settings.object("authorization") {
        if bearer {
            return refuse(
                "authorization is not compatible with bearer_token & bearer_token_file",
                "authorization",
            );
        }
        if both(authorization, "credentials", "credentials_file") {
            return refuse(
                "at most one of authorization credentials & credentials_file must be configured",
                "authorization",
            );
        }
        if authorization.text("type").trim().eq_ignore_ascii_case("basic") {
            return refuse(
                "authorization type cannot be set to \"basic\", use \"basic_auth\" instead",
                "authorization",
            );
        }
        if basic.is_some() || oauth2.is_some() {
            return refuse(
                "at most one of basic_auth, oauth2 & authorization must be configured",
                "authorization",
            );
        }
    }
    if let Some(oauth2) = oauth2 {
        let secrets = ["client_secret", "client_secret_file", "client_secret_ref"];
        if basic.is_some() {
            return refuse("at most one of basic_auth, oauth2 & authorization must be configured", "oauth2");
        }
        if !oauth2.has_text("client_id") {
            return refuse("oauth2 client_id must be configured", "oauth2");
        }
        let by_certificate = oauth2.has_text("grant_type");
        let given = secrets.iter().filter(|key| oauth2.has_text(key)).count();
        if given == 0 && !by_certificate {
            return refuse("either oauth2 client_secret or client_secret_file must be configured", "oauth2");
        }
        if !oauth2.has_text("token_url") {
            return refuse("oauth2 token_url must be configured", "oauth2");
        }
        if given > 1 {
            return refuse(
                "at most one of oauth2 client_secret & client_secret_file must be configured",
                "oauth2",
            );
        }
    }
    Ok(())
}

fn check_tls(settings: &Settings) -> Result<(), Refusal> {
    const VERSIONS: [&str; 4] = ["TLS10", "TLS11", "TLS12", "TLS13"];
    for key in ["min_version", "max_version"] {
        let version = settings.text(key);
        if !version.is_empty() && !VERSIONS.contains(&version) {
            return Err(Refusal::new(format!("unknown TLS version: {version}"))
                .at(key)
                .help(format!("write one of {}", VERSIONS.join(", "))));
        }
    }
    Ok(())
}
