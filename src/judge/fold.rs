//! Consequences folded under their cause, so that a person reads first what to mend.

use super::verdict::Verdict;

/// Marks every failure that could not but follow from an earlier one of the same scenario.
pub fn fold(verdicts: &mut [Verdict]) {
    for at in 1..verdicts.len() {
        let (before, rest) = verdicts.split_at_mut(at);
        let later = &mut rest[0];
        let cause = before.iter().position(|earlier| earlier.is_cause() && follows(later, earlier));
        if let Some(failure) = &mut later.failure {
            failure.follows_from = cause;
        }
    }
}

/// An alert that never fired can't resolve either; one that is late is late for every claim of that moment.
fn follows(later: &Verdict, earlier: &Verdict) -> bool {
    let (Some(later_failure), Some(earlier_failure)) = (&later.failure, &earlier.failure) else {
        return false;
    };
    // Nobody can be told of what did not fire, whichever alert was meant.
    let unfired = matches!(
        earlier_failure.id,
        "never-fired" | "not-firing" | "fired-late" | "never-pending" | "not-pending" | "wrong-labels"
    );
    if unfired
        && later_failure.id == "nothing-fired"
        && (later.alert.is_none() || later.alert == earlier.alert)
    {
        return true;
    }
    if later.alert.is_none() || later.alert != earlier.alert {
        return false;
    }
    match earlier_failure.id {
        "rule-failed" => later_failure.id == "rule-failed",
        "never-fired" | "not-firing" | "fired-late" | "never-pending" | "not-pending" | "pending-late" => {
            let same_moment = later.since == earlier.since;
            let lacks_firing = matches!(
                later_failure.id,
                "never-fired"
                    | "not-firing"
                    | "fired-late"
                    | "stopped-firing"
                    | "never-resolved"
                    | "not-resolved"
                    | "notified-late"
                    | "muted-late"
                    | "routed-late"
            );
            let never = matches!(earlier_failure.id, "never-fired" | "never-pending");
            lacks_firing && (same_moment || never && later_failure.id != "fired-late")
        }
        // It fired when it must not: then it also was pending, and is not inactive.
        "fired-but-should-not" | "pending-but-should-not" | "fired-early" => {
            later.since == earlier.since
                && matches!(
                    later_failure.id,
                    "fired-but-should-not" | "pending-but-should-not" | "still-active" | "fired-early"
                )
        }
        _ => false,
    }
}
