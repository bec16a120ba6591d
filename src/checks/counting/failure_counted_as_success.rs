//! Handlers whose answers count as successes whatever they say.

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "failure-counted-as-success",
    harm: Harm::Risk,
    title: "a response with an error counts as a success",
    explanation: "The code counts a failure where the handler raises. A handler that answers with status 500 or 404, as frameworks and most error handling \
                  do, raises nothing: its request is counted as a success, and alerts on failures stay quiet. Count by the status of the response.",
    example: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter\nREQUESTS = Counter('http_requests_total', 'Requests', ['status'])\ndef track(func):\n    def wrapper(request, *args):\n        try:\n            response = func(request, *args)\n            status = 'success'\n        except Exception:\n            status = 'error'\n            raise\n        finally:\n            REQUESTS.labels(status=status).inc()\n        return response\n    return wrapper\n",
    mended: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter\nREQUESTS = Counter('http_requests_total', 'Requests', ['status'])\ndef track(func):\n    def wrapper(request, *args):\n        status = '500'\n        try:\n            response = func(request, *args)\n            status = str(response.status_code)\n        finally:\n            REQUESTS.labels(status=status).inc()\n        return response\n    return wrapper\n",
    find,
};

/// A handler is called with the request, and what it comes to is written down without a look at its answer.
const COUNTED: &str = r#"(?m)^[ \t]*\w+ = (?:await )?\w+\(request\b[^\n]*\)\n[ \t]*(\w+) = (["'](?:success|ok|succeeded|200)["'])[ \t]*$"#;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Ok(counted) = Regex::new(COUNTED) else { return Vec::new() };
    let code = wiring.code().map(|part| &part.source);
    code.filter_map(|source| judge(source, &counted)).collect()
}

fn judge(source: &SourceFile, counted: &Regex) -> Option<Diagnostic> {
    let text = source.text();
    let found = counted.captures(text)?;
    let (variable, value) = (found.get(1)?, found.get(2)?);
    let after = &text[value.end()..];
    let raised = after.split_once("except").is_some_and(|(_, handler)| {
        handler.lines().any(|line| line.trim_start().starts_with(&format!("{} = ", variable.as_str())))
    });
    let label = ["labels(", "labels=("].iter().any(|call| {
        after.split(call).skip(1).any(|rest| {
            let arguments = rest.split(')').next().unwrap_or_default();
            arguments.split([',', '=']).any(|word| word.trim() == variable.as_str())
        })
    });
    (raised && label).then(|| {
        Diagnostic::warning("", "a response with an error counts as a success")
            .at(&source.span(value.range()))
            .label("whatever the response says")
            .because("assuming that handlers also answer errors with a response: only what is raised counts as a failure")
            .help("label by the response's status: `status=str(response.status_code)`")
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[track_caller]
    fn told(code: &str, expected: &[&str]) {
        check("failure-counted-as-success", &format!("```python\n{code}\n```\n"), expected);
    }

    const CODE: &str = "def track(view):\n    async def wrapper(request):\n        try:\n            answer = await view(request)\n            outcome = \"ok\"\n        except Exception:\n            outcome = \"failed\"\n            raise\n        finally:\n            SEEN.labels(request.method, outcome).inc()\n";

    #[test]
    fn the_label_must_come_from_what_was_raised_alone() {
        told(CODE, &["6:23 a response with an error counts as a success"]);
        told(&CODE.replace("outcome = \"failed\"", "log()"), &[]);
        told(&CODE.replace(", outcome", ", answer.status"), &[]);
    }

    #[test]
    fn a_job_is_no_request() {
        told(&CODE.replace("view(request)", "view(task)"), &[]);
    }
}
