//! The labels of a route (0.34): texts for whoever is told, templates that may use one another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::functions::Functions;
use super::{Data, Templates};
use crate::golang::template::Mode;
use crate::labels::Labels;

impl Templates {
    /// The labels of the route in `data`, expanded over it. One that fails is left out, as Alertmanager does with a
    /// line in its log.
    pub fn route_labels(&self, data: &Data) -> Labels {
        let expansion =
            Expansion { templates: self, data, done: RefCell::default(), stack: RefCell::default() };
        let expanded =
            data.route_labels().iter().filter_map(|(name, _)| Some((name, expansion.label(name).ok()?)));
        let expanded: Vec<(&str, String)> = expanded.collect();
        Labels::verbatim(expanded.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

struct Expansion<'t> {
    templates: &'t Templates,
    data: &'t Data,
    done: RefCell<BTreeMap<String, String>>,
    /// Those that are being expanded, outermost first.
    stack: RefCell<Vec<String>>,
}

impl Expansion<'_> {
    fn label(&self, name: &str) -> Result<String, String> {
        let Some(template) = self.data.route_labels().get(name) else { return Ok(String::new()) };
        if let Some(done) = self.done.borrow().get(name) {
            return Ok(done.clone());
        }
        if self.stack.borrow().iter().any(|outer| outer == name) {
            let mut cycle = self.stack.borrow().clone();
            cycle.push(name.to_owned());
            return Err(format!("route label cycle detected: {}", cycle.join(" -> ")));
        }
        self.stack.borrow_mut().push(name.to_owned());
        let functions = Functions {
            version: self.templates.version,
            data: Some(self.data),
            route_label: Some(&|name| self.label(name)),
        };
        let expanded = self.templates.expand_with(template, self.data, &functions, Mode::Text);
        self.stack.borrow_mut().pop();
        let expanded = expanded.map_err(|error| error.message)?;
        self.done.borrow_mut().insert(name.to_owned(), expanded.clone());
        Ok(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::alertmanager::Version;

    #[track_caller]
    fn check(labels: &[(&str, &str)], expected: &[(&str, &str)]) {
        let group = Labels::from_pairs([("team", "db")]);
        let raw = Labels::verbatim(labels.iter().copied());
        let data = Data::new("r", &group, "http://am", Vec::new()).with_route_labels(raw);
        let templates = Templates::new(&[], Version::NEWEST).unwrap();
        let expanded = templates.route_labels(&data);
        assert_eq!(expanded.iter().collect::<Vec<_>>(), expected);
        let told = templates.text(
            "{{ range .RouteLabels.SortedPairs }}{{ .Name }}={{ routeLabels .Name }};{{ end }}",
            &data.with_route_labels(expanded),
        );
        let pairs: String = expected.iter().map(|(name, value)| format!("{name}={value};")).collect();
        assert_eq!(told.unwrap(), pairs);
    }

    #[test]
    fn they_are_templates_and_may_use_one_another() {
        check(
            &[
                ("channel", "#{{ .GroupLabels.team }}"),
                ("text", "see {{ routeLabels \"channel\" }}{{ routeLabels \"no\" }}"),
            ],
            &[("channel", "#db"), ("text", "see #db")],
        );
    }

    #[test]
    fn what_fails_or_never_ends_is_left_out() {
        check(
            &[
                ("a", "{{ routeLabels \"b\" }}"),
                ("b", "{{ routeLabels \"a\" }}"),
                ("c", "{{ .Nope }}"),
                ("d", "x"),
            ],
            &[("d", "x")],
        );
    }
}
