//! What a guide's shell commands make, fetch and read.

use super::Wiring;
use crate::diagnostic::{SourceFile, Span, Spanned};

/// A text that stands among a shell's commands.
#[derive(Clone, Debug)]
pub struct HereDocument {
    pub source: SourceFile,
    /// The shell expands nothing in it.
    pub quoted: bool,
    /// The command.
    pub place: Span,
}

/// A file that a command reads.
#[derive(Clone, Copy, Debug)]
pub struct ReadFile<'w> {
    pub file: &'w Spanned<String>,
    /// `kubectl`, `helm`, `docker-compose`
    pub program: &'w str,
}

impl Wiring {
    /// Namespaces that an object or a command makes.
    pub fn made_namespaces(&self) -> impl Iterator<Item = &str> {
        let objects = self.objects_of("Namespace").map(|object| object.name.value.as_str());
        let commands = self.commands.iter().filter_map(|words| {
            if words.iter().any(|word| word.value == "--create-namespace") {
                return option(words, &["-n", "--namespace"]);
            }
            let made = words.windows(3).find(|words| {
                words[0].value == "create"
                    && matches!(words[1].value.as_str(), "namespace" | "namespaces" | "ns")
            })?;
            Some(made[2].value.as_str())
        });
        objects.chain(commands)
    }

    /// Whether some `kubectl create KIND … NAME` is documented.
    pub fn is_created(&self, kind: &str, name: &str) -> bool {
        self.commands.iter().any(|words| {
            let mut words = words.iter().map(|word| word.value.as_str()).skip_while(|word| *word != "create");
            words.next();
            words.next() == Some(kind) && words.any(|word| word == name)
        })
    }

    /// The names under which `helm repo add` knows repositories.
    pub fn helm_repositories(&self) -> impl Iterator<Item = &str> {
        self.commands.iter().filter_map(|words| {
            let added = words.windows(4).find(|words| {
                words[0].value == "helm" && words[1].value == "repo" && words[2].value == "add"
            })?;
            Some(added[3].value.as_str())
        })
    }

    /// The files that `kubectl apply -f`, `helm --values` and `docker-compose -f` read.
    pub fn read_files(&self) -> Vec<ReadFile<'_>> {
        let mut files = Vec::new();
        for words in &self.commands {
            let mut program = "";
            let mut words = words.iter().peekable();
            while let Some(word) = words.next() {
                let flag = match word.value.as_str() {
                    "kubectl" | "oc" => {
                        program = "kubectl";
                        continue;
                    }
                    "helm" | "docker-compose" => {
                        program = word.value.as_str();
                        continue;
                    }
                    "docker" if words.peek().is_some_and(|next| next.value == "compose") => {
                        program = "docker-compose";
                        continue;
                    }
                    flag => flag,
                };
                let takes = match program {
                    "kubectl" => matches!(flag, "-f" | "--filename"),
                    "helm" => matches!(flag, "-f" | "--values"),
                    "docker-compose" => matches!(flag, "-f" | "--file"),
                    _ => false,
                };
                if takes && let Some(file) = words.next() {
                    files.push(ReadFile { file, program });
                }
            }
        }
        files
    }
}

fn option<'w>(words: &'w [Spanned<String>], names: &[&str]) -> Option<&'w str> {
    for (at, word) in words.iter().enumerate() {
        match word.value.split_once('=') {
            Some((name, value)) if names.contains(&name) => return Some(value),
            None if names.contains(&word.value.as_str()) => {
                return words.get(at + 1).map(|word| word.value.as_str());
            }
            _ => {}
        }
    }
    None
}
