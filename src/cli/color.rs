//! When to colour, and how wide a terminal is.

use std::io::{IsTerminal, Stderr, Stdout};

/// `auto`: on a terminal, unless NO_COLOR is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

/// Where text for a person goes.
pub trait Place: IsTerminal {}
impl Place for Stdout {}
impl Place for Stderr {}

impl When {
    /// <https://no-color.org>: any text but an empty one forbids.
    pub fn on(self, place: &impl Place) -> bool {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.decided(place.is_terminal(), forbidden)
    }

    fn decided(self, terminal: bool, forbidden: bool) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !forbidden,
        }
    }
}

/// Columns to fill: the terminal's, within what is readable; a fixed number elsewhere, so that the same input gives the
/// same bytes.
pub fn width(place: &impl Place) -> usize {
    const ELSEWHERE: usize = 100;
    if !place.is_terminal() {
        return ELSEWHERE;
    }
    terminal_size::terminal_size().map_or(ELSEWHERE, |(width, _)| usize::from(width.0)).clamp(60, 140)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_told_otherwise() {
        let check = |when: When, terminal, forbidden, coloured| {
            assert_eq!(when.decided(terminal, forbidden), coloured, "{when:?} {terminal} {forbidden}");
        };
        check(When::Auto, true, false, true);
        check(When::Auto, true, true, false);
        check(When::Auto, false, false, false);
        check(When::Always, false, true, true);
        check(When::Never, true, false, false);
    }
}
