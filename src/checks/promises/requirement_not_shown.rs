//! Requirements of which a guide shows nothing, and which may be met elsewhere.

use super::requirements;
use crate::checks::{Check, Harm};

pub const CHECK: Check = Check {
    id: "requirement-not-shown",
    harm: Harm::Risk,
    title: "the guide sets a requirement and shows nothing of how it is met",
    explanation: "Backups, runbooks, objectives and the like may live in other documents. Where these set them as a requirement and \
                  don't show or name where they are, whoever ticks them off has nothing to look at.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}\nspec: {template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}}\n```\n\n## Acceptance Criteria\n- [ ] Backup and recovery procedures are in place\n\n```sh\necho\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}\nspec: {template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}}\n```\n\n## Acceptance Criteria\n- [ ] Backup and recovery procedures are in place\n\n```sh\nvelero schedule create monitoring --schedule '0 3 * * *' --include-namespaces monitoring\n",
    find: |wiring| requirements::found(wiring, true),
};
