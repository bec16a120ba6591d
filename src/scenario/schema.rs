//! The JSON schema of YAML scenarios, so that editors complete and check them while they are written.

use serde_json::{Map, Value, json};

use super::phrases::{FAMILIES, Family, Key, Kind, Takes};
use crate::stack::alertmanager::IntegrationKind;

pub fn schema() -> Value {
    let step = |kind: Kind| -> Value {
        let of_family = FAMILIES.iter().filter(|family| family.fits(kind)).map(|family| step(family, kind));
        let sentence = json!({ "type": "string", "description": "The step as Gherkin would say it." });
        json!({ "anyOf": of_family.chain([sentence]).collect::<Vec<_>>() })
    };
    let steps = |name: &str, about: &str| {
        let one = json!({ "$ref": format!("#/$defs/{name}") });
        json!({ "description": about, "anyOf": [one, { "type": "array", "items": one }] })
    };
    let tags = json!({ "description": "For `--tags`.", "type": "array", "items": { "type": "string" } });
    let stack = json!({ "description": "The documents to stand up: a folder or a file.", "type": "string" });
    let seed = json!({ "description": "The seed of everything random.", "type": "integer", "minimum": 0 });
    let start = json!({
        "description": "The world's time at the first step: RFC 3339, or seconds since 1970.",
        "type": ["string", "number"]
    });
    let stages = json!({
        "given": steps("given", "What is set up."),
        "when": steps("when", "What happens."),
        "then": steps("then", "What must be seen."),
    });
    let stage = json!({ "type": "object", "additionalProperties": false, "properties": stages });
    let scenario = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": { "description": "What must hold, as a sentence.", "type": "string" },
            "tags": tags, "stack": stack, "seed": seed, "start": start,
            "given": stages["given"], "when": stages["when"], "then": stages["then"],
            "steps": {
                "description": "Given, when and then in any order, as often as the story needs.",
                "type": "array",
                "items": stage
            },
            "examples": {
                "description": "The scenario runs once with each: `<name>` stands for the value.",
                "type": "array",
                "items": { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } }
            }
        }
    });
    let file = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["scenarios"],
        "properties": {
            "tags": tags, "stack": stack, "seed": seed, "start": start,
            "background": steps("given", "Given-steps of every scenario."),
            "scenarios": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/scenario" } }
        }
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "firedrill scenarios",
        "anyOf": [file, { "$ref": "#/$defs/scenario" }],
        "$defs": {
            "scenario": scenario,
            "given": step(Kind::Given), "when": step(Kind::When), "then": step(Kind::Then),
        }
    })
}

fn step(family: &Family, kind: Kind) -> Value {
    let known = family.keys.iter().filter(|key| kind == Kind::When || key.name != "moment");
    // `compare` is what `is` says first, `times` what `notified` says first; nobody writes them by themselves.
    let known = known.filter(|key| !["compare", "times"].contains(&key.name));
    let properties: Map<String, Value> = known.map(|key| (key.name.to_owned(), value(key))).collect();
    let mut out = json!({
        "description": family.about,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if family.or.is_empty() {
        out["required"] = json!([family.subject]);
    } else {
        let any = std::iter::once(&family.subject).chain(family.or);
        out["anyOf"] = any.map(|key| json!({ "required": [key] })).collect();
    }
    out
}

fn value(key: &Key) -> Value {
    let mut out = match key.takes {
        Takes::Pairs => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
        }
        Takes::Flag => json!({ "const": true }),
        Takes::Count => json!({ "type": "integer", "minimum": 0 }),
        Takes::OneOf(words) => {
            json!({ "enum": words.iter().map(|word| if *word == "true" { json!(true) } else { json!(word) }).collect::<Vec<_>>() })
        }
        Takes::Json => json!({}),
        Takes::Integration => {
            json!({ "enum": IntegrationKind::ALL.map(IntegrationKind::as_str) })
        }
        Takes::Text | Takes::Names => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
        }
        Takes::Name
        | Takes::Moment
        | Takes::Expression
        | Takes::Duration
        | Takes::Timing
        | Takes::Times
        | Takes::TimesAndTiming => {
            json!({ "type": "string" })
        }
        Takes::Number
        | Takes::Ratio
        | Takes::Rate
        | Takes::Latency
        | Takes::Comparison
        | Takes::ComparisonAndTiming
        | Takes::Time => json!({ "type": ["string", "number"] }),
    };
    out["description"] = json!(key.about);
    if key.takes == Takes::TimesAndTiming {
        out["examples"] =
            json!(["within 5m", "once within 12m", "at least 3 times within 1h", "never within 10m"]);
    }
    if key.takes == Takes::Timing {
        out["examples"] =
            json!(["now", "within 5m", "for 10m", "never within 10m", "within 5m of errors-rise"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_and_key_of_the_table_is_in_the_schema() {
        let schema = schema();
        for family in FAMILIES {
            for kind in Kind::ALL.into_iter().filter(|kind| family.fits(*kind)) {
                let name = kind.as_str().to_lowercase();
                let steps = schema["$defs"][&name]["anyOf"].as_array().unwrap();
                let step = steps.iter().find(|step| step["description"] == family.about).unwrap();
                for key in
                    family.keys.iter().filter(|key| !["moment", "compare", "times"].contains(&key.name))
                {
                    assert_eq!(step["properties"][key.name]["description"], key.about);
                }
            }
        }
    }

    #[test]
    fn a_moment_is_a_key_of_when_steps_only() {
        let schema = schema();
        let has = |name: &str| schema["$defs"][name].to_string().contains("\"moment\"");
        assert_eq!([has("given"), has("when"), has("then")], [false, true, false]);
    }
}
