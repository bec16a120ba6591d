//! What happens to Prometheus and Alertmanager must be possible when it is to happen: only what is down can come back.

use super::super::{AlertmanagerChange, Change, Life, Operation, Scenario, Step};
use crate::diagnostic::{Diagnostic, Span};

/// A program as the steps so far have left it, and the step that did.
#[derive(Default)]
struct Program {
    life: Life,
    since: Option<Span>,
}

pub(super) fn order(scenario: &Scenario) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (mut prometheus, mut alertmanager) = (Program::default(), Program::default());
    let mut reachable = true;
    let mut replicas = 1;
    for step in &scenario.steps {
        for change in step.changes() {
            match change {
                Change::Prometheus(operation) => {
                    problems.extend(prometheus.take(*operation, "Prometheus", step));
                    if replicas > 1 {
                        problems.push(
                            refused("of several replicas of Prometheus it must be said which")
                                .at(&step.place)
                                .label(format!("{replicas} run here"))
                                .help("such as: When Prometheus replica 1 goes down"),
                        );
                    }
                }
                Change::Alertmanager(AlertmanagerChange::Replicas { count, .. }) => replicas = *count,
                Change::Alertmanager(AlertmanagerChange::Operate(operation)) => {
                    problems.extend(alertmanager.take(*operation, "Alertmanager", step));
                }
                Change::Alertmanager(
                    AlertmanagerChange::Restart { .. }
                    | AlertmanagerChange::Push(_)
                    | AlertmanagerChange::Silence { .. }
                    | AlertmanagerChange::Expire { .. },
                ) if !alertmanager.life.runs() => {
                    problems.push(alertmanager.impossible("Alertmanager", step))
                }
                Change::Alertmanager(AlertmanagerChange::Reachable(now)) => {
                    if *now == reachable {
                        let how = if *now { "reachable" } else { "unreachable" };
                        problems.push(
                            refused(format!("Alertmanager is {how} already"))
                                .at(&step.place)
                                .label("changes nothing"),
                        );
                    }
                    reachable = *now;
                }
                _ => {}
            }
        }
    }
    problems
}

impl Program {
    fn take(&mut self, operation: Operation, name: &str, step: &Step) -> Option<Diagnostic> {
        let Some(life) = self.life.after(operation) else { return Some(self.impossible(name, step)) };
        self.life = life;
        self.since = Some(step.place.clone());
        None
    }

    fn impossible(&self, name: &str, step: &Step) -> Diagnostic {
        let how = match self.life {
            Life::Runs => "runs",
            Life::Down => "is down",
            Life::Paused => "stands still",
        };
        let problem = refused(format!("{name} {how} here, so this can't happen to it"))
            .at(&step.place)
            .label("not possible now");
        match &self.since {
            Some(since) => problem.related(since, "since this step"),
            None => problem,
        }
    }
}

fn refused(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("not-possible-now", message)
}
