//! What must be right about a scenario before anything runs.

use super::{Scenario, Then, What, When};
use crate::diagnostic::Diagnostic;

/// A scenario by itself: it claims something, and the moments it counts from have come by then.
pub fn whole(scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    if !scenario.steps.iter().any(|step| matches!(step.what, What::Then(_))) {
        problems.push(
            Diagnostic::error("no-then", format!("scenario \"{}\" claims nothing", scenario.name))
                .at(&scenario.file.span(scenario.place.start..first_line_end(scenario)))
                .label("has no then-step")
                .help("a scenario that claims nothing would always pass"),
        );
    }
    let mut moments: Vec<&str> = Vec::new();
    for step in &scenario.steps {
        match &step.what {
            What::When(When { moment: Some(moment), .. }) => moments.push(moment),
            What::Then(Then { timing, .. }) => {
                if let Some(since) = &timing.since
                    && !moments.contains(&since.value.as_str())
                {
                    let diagnostic = Diagnostic::error(
                        "unknown-moment",
                        format!("no when-step before this one is called `{}`", since.value),
                    )
                    .at(&since.span)
                    .label(match moments.as_slice() {
                        [] => "no moment has a name so far".to_owned(),
                        moments => format!("known so far: {}", moments.join(", ")),
                    });
                    problems.push(diagnostic.suggest(&since.value, moments.iter().copied()));
                }
            }
            _ => {}
        }
    }
}

fn first_line_end(scenario: &Scenario) -> usize {
    let place = &scenario.place;
    place.start + place.text().find('\n').unwrap_or(place.text().len())
}
