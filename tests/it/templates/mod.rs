//! Go's templates, regular expressions and formats against the real programs: what `amtool` renders and what
//! `promtool` finds in an alert's annotations must come out of the twin, errors included.

mod alertmanager;
mod prometheus;

/// The texts of a list file: one a line, `\n` in it for a line break; empty lines and `#` comments left out.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.replace("\\n", "\n"))
        .collect()
}

/// Runs `work` on each item, two at a time, and gives the results in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let half = items.len().div_ceil(2);
    let (first, second) = items.split_at(half);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| second.iter().map(&work).collect::<Vec<R>>());
        let mut results: Vec<R> = first.iter().map(&work).collect();
        results.extend(other.join().expect("no test thread panics"));
        results
    })
}
