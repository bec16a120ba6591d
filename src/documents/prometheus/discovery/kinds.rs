//! The keys of every kind of service discovery.

use crate::documents::prometheus::http_client::TLS_CONFIG;
use crate::documents::shape::{Key, Want, key};
use crate::stack::Version;

pub struct Kind {
    pub name: &'static str,
    pub keys: &'static [Key],
    /// Whether the options of an HTTP client stand among its keys.
    pub http: bool,
    pub since: Version,
}

const fn kind(name: &'static str, http: bool, keys: &'static [Key]) -> Kind {
    Kind { name, keys, http, since: Version::new(0, 0) }
}

const fn newer(major: u32, minor: u32, kind: Kind) -> Kind {
    Kind { since: Version::new(major, minor), ..kind }
}

const REFRESH: Key = key("refresh_interval", Want::Duration);
const PORT: Key = key("port", Want::Integer);
const FILTERS: Key =
    key("filters", Want::List("filter", &[key("name", Want::Text), key("values", Want::Texts)]));

const ROLE: Key = key("role", Want::Text);
const REGION: Key = key("region", Want::Text);
const ENDPOINT: Key = key("endpoint", Want::Text);
const ACCESS_KEY: Key = key("access_key", Want::Text);
const SECRET_KEY: Key = key("secret_key", Want::Secret);
const PROFILE: Key = key("profile", Want::Text);
const ROLE_ARN: Key = key("role_arn", Want::Text);
const EXTERNAL_ID: Key = key("external_id", Want::Text).since(3, 9);
const CLUSTERS: Key = key("clusters", Want::Texts);
const CONCURRENCY: Key = key("request_concurrency", Want::Integer);
const ZOOKEEPER: &[Key] =
    &[key("servers", Want::Texts), key("paths", Want::Texts), key("timeout", Want::Duration)];
const AWS_SERVICE: &[Key] = &[
    REGION,
    ENDPOINT,
    ACCESS_KEY,
    SECRET_KEY,
    PROFILE,
    ROLE_ARN,
    EXTERNAL_ID,
    CLUSTERS,
    PORT,
    REFRESH,
    CONCURRENCY,
    FILTERS,
];

pub const KINDS: &[Kind] = &[
    kind("file_sd_configs", false, &[key("files", Want::Texts), REFRESH]),
    kind("http_sd_configs", true, &[key("url", Want::Url), REFRESH]),
    kind(
        "kubernetes_sd_configs",
        true,
        &[
            key("api_server", Want::Url),
            ROLE,
            key("kubeconfig_file", Want::Text),
            key(
                "namespaces",
                Want::Mapping("namespaces", &[key("own_namespace", Want::Bool), key("names", Want::Texts)]),
            ),
            key(
                "selectors",
                Want::List("selector", &[ROLE, key("label", Want::Text), key("field", Want::Text)]),
            ),
            key(
                "attach_metadata",
                Want::Mapping(
                    "attach_metadata",
                    &[
                        key("node", Want::Bool),
                        key("namespace", Want::Bool).since(3, 6),
                        key("deployment", Want::Bool).since(3, 12),
                        key("job", Want::Bool).since(3, 12),
                        key("cronjob", Want::Bool).since(3, 12),
                    ],
                ),
            ),
        ],
    ),
    kind("dns_sd_configs", false, &[key("names", Want::Texts), REFRESH, key("type", Want::Text), PORT]),
    kind(
        "consul_sd_configs",
        true,
        &[
            key("server", Want::Text),
            key("path_prefix", Want::Text).since(2, 45),
            key("token", Want::Secret),
            key("datacenter", Want::Text),
            key("namespace", Want::Text),
            key("partition", Want::Text),
            key("tag_separator", Want::Text),
            key("scheme", Want::Text),
            key("username", Want::Text),
            key("password", Want::Secret),
            key("allow_stale", Want::Bool),
            REFRESH,
            key("services", Want::Texts),
            key("tags", Want::Texts),
            key("node_meta", Want::Pairs),
            key("filter", Want::Text).since(3, 0),
            key("health_filter", Want::Text).since(3, 10),
        ],
    ),
    kind(
        "ec2_sd_configs",
        true,
        &[ENDPOINT, REGION, ACCESS_KEY, SECRET_KEY, PROFILE, ROLE_ARN, EXTERNAL_ID, REFRESH, PORT, FILTERS],
    ),
    kind(
        "lightsail_sd_configs",
        true,
        &[ENDPOINT, REGION, ACCESS_KEY, SECRET_KEY, PROFILE, ROLE_ARN, EXTERNAL_ID, REFRESH, PORT],
    ),
    newer(
        3,
        8,
        kind(
            "aws_sd_configs",
            true,
            &[
                ROLE,
                REGION,
                ENDPOINT,
                ACCESS_KEY,
                SECRET_KEY,
                PROFILE,
                ROLE_ARN,
                EXTERNAL_ID,
                REFRESH,
                PORT,
                FILTERS,
                CLUSTERS,
            ],
        ),
    ),
    newer(3, 8, kind("ecs_sd_configs", true, AWS_SERVICE)),
    newer(3, 9, kind("msk_sd_configs", true, AWS_SERVICE)),
    newer(3, 10, kind("elasticache_sd_configs", true, AWS_SERVICE)),
    newer(3, 10, kind("rds_sd_configs", true, AWS_SERVICE)),
    kind(
        "azure_sd_configs",
        true,
        &[
            key("environment", Want::Text),
            PORT,
            key("subscription_id", Want::Text),
            key("tenant_id", Want::Text),
            key("client_id", Want::Text),
            key("client_secret", Want::Secret),
            REFRESH,
            key("authentication_method", Want::Text),
            key("resource_group", Want::Text),
        ],
    ),
    kind("digitalocean_sd_configs", true, &[REFRESH, PORT, ROLE]),
    kind(
        "docker_sd_configs",
        true,
        &[
            key("host", Want::Url),
            PORT,
            FILTERS,
            key("host_networking_host", Want::Text),
            REFRESH,
            key("match_first_network", Want::Bool).since(2, 55),
        ],
    ),
    kind("dockerswarm_sd_configs", true, &[key("host", Want::Url), ROLE, PORT, FILTERS, REFRESH]),
    kind("eureka_sd_configs", true, &[key("server", Want::Text), REFRESH]),
    kind(
        "gce_sd_configs",
        false,
        &[
            key("project", Want::Text),
            key("zone", Want::Text),
            key("filter", Want::Text),
            REFRESH,
            PORT,
            key("tag_separator", Want::Text),
        ],
    ),
    kind("hetzner_sd_configs", true, &[REFRESH, PORT, ROLE, key("label_selector", Want::Text).since(3, 5)]),
    kind("ionos_sd_configs", true, &[key("datacenter_id", Want::Text), REFRESH, PORT]),
    kind(
        "linode_sd_configs",
        true,
        &[REFRESH, PORT, key("tag_separator", Want::Text), key("region", Want::Text).since(2, 51)],
    ),
    kind(
        "marathon_sd_configs",
        true,
        &[
            key("servers", Want::Texts),
            REFRESH,
            key("auth_token", Want::Secret),
            key("auth_token_file", Want::Text),
        ],
    ),
    kind("nerve_sd_configs", false, ZOOKEEPER),
    kind("serverset_sd_configs", false, ZOOKEEPER),
    kind(
        "nomad_sd_configs",
        true,
        &[
            key("allow_stale", Want::Bool),
            key("namespace", Want::Text),
            REFRESH,
            REGION,
            key("server", Want::Text),
            key("tag_separator", Want::Text),
        ],
    ),
    newer(
        3,
        11,
        kind(
            "oci_sd_configs",
            true,
            &[
                key("auth", Want::Text),
                key("tenancy", Want::Text),
                key("user", Want::Text),
                key("fingerprint", Want::Text),
                key("key_file", Want::Text),
                key("key_passphrase", Want::Secret),
                key("key_passphrase_file", Want::Text),
                REGION,
                key("compartments", Want::Texts),
                PORT,
                REFRESH,
            ],
        ),
    ),
    kind(
        "openstack_sd_configs",
        false,
        &[
            key("identity_endpoint", Want::Text),
            key("username", Want::Text),
            key("userid", Want::Text),
            key("password", Want::Secret),
            key("project_name", Want::Text),
            key("project_id", Want::Text),
            key("domain_name", Want::Text),
            key("domain_id", Want::Text),
            key("application_credential_name", Want::Text),
            key("application_credential_id", Want::Text),
            key("application_credential_secret", Want::Secret),
            ROLE,
            REGION,
            REFRESH,
            PORT,
            key("all_tenants", Want::Bool),
            key("tls_config", Want::Mapping("tls_config", TLS_CONFIG)),
            key("availability", Want::Text),
        ],
    ),
    newer(
        3,
        10,
        kind(
            "outscale_sd_configs",
            true,
            &[ENDPOINT, REGION, ACCESS_KEY, SECRET_KEY, key("secret_key_file", Want::Text), REFRESH, PORT],
        ),
    ),
    kind(
        "ovhcloud_sd_configs",
        false,
        &[
            ENDPOINT,
            key("application_key", Want::Text),
            key("application_secret", Want::Secret),
            key("consumer_key", Want::Secret),
            REFRESH,
            key("service", Want::Text),
        ],
    ),
    kind(
        "puppetdb_sd_configs",
        true,
        &[
            REFRESH,
            key("url", Want::Url),
            key("query", Want::Text),
            key("include_parameters", Want::Bool),
            PORT,
        ],
    ),
    kind(
        "scaleway_sd_configs",
        true,
        &[
            key("project_id", Want::Text),
            key("api_url", Want::Text),
            key("zone", Want::Text),
            ACCESS_KEY,
            SECRET_KEY,
            key("secret_key_file", Want::Text),
            key("name_filter", Want::Text),
            key("tags_filter", Want::Texts),
            REFRESH,
            PORT,
            ROLE,
        ],
    ),
    newer(
        3,
        5,
        kind(
            "stackit_sd_configs",
            true,
            &[
                key("project", Want::Text),
                REFRESH,
                PORT,
                REGION,
                ENDPOINT,
                key("service_account_key", Want::Secret),
                key("private_key", Want::Secret),
                key("service_account_key_path", Want::Text),
                key("private_key_path", Want::Text),
                key("credentials_file_path", Want::Text),
            ],
        ),
    ),
    kind(
        "triton_sd_configs",
        false,
        &[
            key("account", Want::Text),
            ROLE,
            key("dns_suffix", Want::Text),
            ENDPOINT,
            key("groups", Want::Texts),
            PORT,
            REFRESH,
            key("tls_config", Want::Mapping("tls_config", TLS_CONFIG)),
            key("version", Want::Integer),
        ],
    ),
    kind(
        "uyuni_sd_configs",
        true,
        &[
            key("server", Want::Text),
            key("username", Want::Text),
            key("password", Want::Secret),
            key("entitlement", Want::Text),
            key("separator", Want::Text),
            REFRESH,
        ],
    ),
    kind("vultr_sd_configs", true, &[REFRESH, PORT]),
    kind(
        "kuma_sd_configs",
        true,
        &[
            REFRESH,
            key("fetch_timeout", Want::Duration),
            key("server", Want::Text),
            key("client_id", Want::Text).since(2, 50),
        ],
    ),
];
