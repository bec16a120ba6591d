//! Ranges that hold fewer than two samples.

use crate::checks::{Check, Harm, sources};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::ExprKind;
use crate::stack::wiring::Wiring;
use crate::time::Duration;

pub const CHECK: Check = Check {
    id: "range-too-short",
    harm: Harm::Silent,
    title: "the range is too short for two samples",
    explanation: "`rate` and its like need two samples within their range. With a range shorter than twice the scrape \
                  interval there is often one or none, and no result. Four scrapes are a good rule.",
    example: "# prometheus.yml\nglobal: {scrape_interval: 60s}\nscrape_configs:\n- job_name: api\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: rate(errors_total[1m]) > 1\n",
    mended: "# prometheus.yml\nglobal: {scrape_interval: 60s}\nscrape_configs:\n- job_name: api\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: rate(errors_total[5m]) > 1\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let all: Vec<(&str, Duration)> =
        sources::jobs(wiring).map(|job| (job.job_name.value.as_str(), job.scrape_interval)).collect();
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            if !matches!(call.function.name, "rate" | "irate" | "increase" | "delta" | "idelta" | "deriv") {
                return;
            }
            let Some(ExprKind::Matrix(matrix)) =
                call.args.first().map(|argument| &argument.unwrap_parens().kind)
            else {
                return;
            };
            let Some(range) = matrix.range.fixed() else { return };
            let job = matrix.vector.matchers.iter().find(|matcher| &*matcher.name == "job");
            // The most frequent of the jobs that it may be of: only then is it proven.
            let intervals = all.iter().filter(|(name, _)| job.is_none_or(|job| job.matches(name)));
            let Some(least) = intervals.map(|(_, interval)| *interval).min() else { return };
            if least == Duration::ZERO || range.0 >= 2 * least.0 {
                return;
            }
            found.push(
                Diagnostic::error(
                    "",
                    format!("a range of {range} holds too few samples of a scrape every {least}"),
                )
                .at(&query.place(expr.span))
                .label("often has no result")
                .because(format!("`{}` needs two samples", call.function.name))
                .help(format!("take at least {}", Duration(4 * least.0))),
            );
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_range_holds_two_scrapes() {
        let guide = |interval: &str| {
            format!(
                "```yaml\nscrape_configs: [{{job_name: a, scrape_interval: {interval}, scrape_timeout: 1s}}]\nrule_files: \
                 [r.yml]\n```\n```promql\nrate(a[1m])\n```\n"
            )
        };
        check(
            "range-too-short",
            &guide("45s"),
            &["6:1 a range of 1m holds too few samples of a scrape every 45s"],
        );
        check("range-too-short", &guide("30s"), &[]);
    }
}
