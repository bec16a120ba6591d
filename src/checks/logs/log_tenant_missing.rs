//! A Loki with tenants, and who pushes or asks without one.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "log-tenant-missing",
    harm: Harm::Breaks,
    title: "Loki wants a tenant, and gets none",
    explanation: "With `auth_enabled: true`, the default, Loki answers 401 (`no org id`) to whatever comes without the header \
                  `X-Scope-OrgID`. Promtail sends it for `tenant_id`, Fluent Bit for `Tenant_ID`, Grafana for a custom header of \
                  the datasource.",
    example: "auth_enabled: true\nschema_config: {configs: []}\n---8<---\nclients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs: []\n",
    mended: "auth_enabled: true\nschema_config: {configs: []}\n---8<---\nclients: [{url: 'http://loki:3100/loki/api/v1/push', tenant_id: shop}]\nscrape_configs: []\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut configs = wiring.logs.loki.iter();
    let (Some(loki), None) = (configs.next(), configs.next()) else { return Vec::new() };
    // Where it is not written, a flag may say otherwise.
    let Some(on) = loki.get("auth_enabled").filter(|value| value.value == "true") else { return Vec::new() };
    let missing = |place| {
        Diagnostic::error("", "Loki refuses what comes without a tenant")
            .at(place)
            .label("no tenant")
            .related(&on.span, "tenants are on")
            .because("Loki answers 401: no org id")
    };
    let promtail = wiring.logs.promtail.iter().filter(|config| config.tenants.is_empty());
    let pushed = promtail.filter_map(|config| config.clients.first()).map(|client| missing(&client.span));
    let outputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT"));
    let outputs = outputs.filter(|output| {
        output.name().eq_ignore_ascii_case("loki")
            && output.get("tenant_id").or(output.get("tenant_id_key")).or(output.get("header")).is_none()
    });
    pushed.chain(outputs.filter_map(|output| output.get("name")).map(|name| missing(&name.span))).collect()
}
