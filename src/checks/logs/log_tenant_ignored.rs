//! Tenants for a Loki that has none.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "log-tenant-ignored",
    harm: Harm::Style,
    title: "Loki ignores this tenant",
    explanation: "With `auth_enabled: false` Loki has one tenant, `fake`, whatever the header `X-Scope-OrgID` says. A \
                  `tenant_id` then separates nothing: limits, retention and rules of that tenant are never applied.",
    example: "auth_enabled: false\nschema_config: {configs: []}\n---8<---\nclients: [{url: 'http://loki:3100/loki/api/v1/push', tenant_id: shop}]\nscrape_configs: []\n",
    mended: "auth_enabled: false\nschema_config: {configs: []}\n---8<---\nclients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs: []\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut configs = wiring.logs.loki.iter();
    let (Some(loki), None) = (configs.next(), configs.next()) else { return Vec::new() };
    let Some(off) = loki.get("auth_enabled").filter(|value| value.value == "false") else {
        return Vec::new();
    };
    let tenants = wiring.logs.promtail.iter().flat_map(|config| &config.tenants);
    let found = tenants.map(|tenant| {
        Diagnostic::warning("", format!("Loki ignores the tenant `{}`", tenant.value))
            .at(&tenant.span)
            .label("all lines go to the tenant `fake`")
            .related(&off.span, "tenants are off")
            .help("leave it out, or set `auth_enabled: true` and send the header from Grafana too")
    });
    found.collect()
}
