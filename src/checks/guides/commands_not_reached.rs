//! Commands behind one that runs until it is stopped.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "commands-not-reached",
    harm: Harm::Style,
    title: "commands stand behind one that does not end",
    explanation: "`kubectl port-forward`, `docker compose up` without `-d`, `tail -f` and the like run until they are stopped. Whoever runs the \
                  block as it stands never gets to what is below them. Give each a block of its own, say that it needs a \
                  terminal of its own, or let it run in the background.",
    example: "a: 1\n```\n```sh\nkubectl port-forward svc/grafana 3000:80\nkubectl port-forward svc/prometheus 9090:9090\n",
    mended: "a: 1\n```\n```sh\nkubectl port-forward svc/grafana 3000:80 &\nkubectl port-forward svc/prometheus 9090:9090\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Commands of one block stand behind each other.
    let mut told: Option<&str> = None;
    for pair in wiring.commands.windows(2) {
        let [command, next] = pair else { continue };
        let (Some(first), Some(below)) = (command.first(), next.first()) else { continue };
        let block = first.span.file.text();
        if !std::ptr::eq(block, below.span.file.text())
            || told.is_some_and(|known| std::ptr::eq(known, block))
        {
            continue;
        }
        let Some(words) = endless(command).filter(|_| !says_so(&first.span, &below.span)) else { continue };
        told = Some(block);
        found.push(
            Diagnostic::warning("", "the commands below this one are not reached")
                .at(&words.span)
                .label("runs until it is stopped")
                .related(&below.span, "waits for that")
                .because("assuming that the block is run as it stands")
                .help("give it a terminal of its own and say so, or end it with `&`"),
        );
    }
    found
}

/// Whether the guide says that each has a terminal of its own, between the two or before the block.
fn says_so(first: &Span, below: &Span) -> bool {
    /// About as much as a paragraph.
    const PROSE: usize = 300;
    let own = first.in_own_file();
    let text = own.file.text();
    let between = text.get(own.start..below.in_own_file().start).unwrap_or_default();
    let before = &text[..own.start];
    let prose = &before[..before.rfind("```").unwrap_or(0)];
    let prose: String = prose.chars().rev().take(PROSE).collect::<Vec<_>>().into_iter().rev().collect();
    [between, &prose].iter().any(|text| text.to_lowercase().contains("terminal"))
}

/// The words of a command that say that it does not end; none where it runs in the background.
fn endless(command: &[Spanned<String>]) -> Option<Spanned<String>> {
    let words: Vec<&str> = command.iter().map(|word| word.value.as_str()).collect();
    let from =
        words.iter().position(|word| !matches!(*word, "$" | "sudo" | "exec") && !word.contains('='))?;
    let words = &words[from..];
    let has = |words: &[&str], flags: &[&str]| words.iter().any(|word| flags.contains(word));
    // What stands behind a verb; flags before it are the program's own.
    let behind = |verb: &str| words.iter().position(|word| *word == verb).map(|at| &words[at + 1..]);
    const FOLLOW: [&str; 3] = ["-f", "--follow", "-F"];
    const DETACHED: [&str; 4] = ["-d", "--detach", "--wait", "--no-start"];
    let endless = match *words.first()? {
        "kubectl" => {
            behind("port-forward").is_some()
                || words.get(1) == Some(&"proxy")
                || behind("logs").is_some_and(|flags| has(flags, &FOLLOW))
        }
        "docker" | "docker-compose" => {
            behind("logs").is_some_and(|flags| has(flags, &FOLLOW))
                || behind("up").is_some_and(|flags| !has(flags, &DETACHED))
        }
        "tail" | "journalctl" => has(words, &FOLLOW),
        "watch" => true,
        _ => false,
    };
    let (first, last) = (command.get(from)?, command.last()?);
    // What is behind the last word, up to the end of its line.
    let text = first.span.file.text();
    let rest = text.get(last.span.end..)?.lines().next().unwrap_or_default();
    let inside = text.get(first.span.start..last.span.end)?;
    let background = |text: &str| text.replace("&&", "").replace(">&", "").contains('&');
    if !endless || background(rest) || background(inside) || inside.contains('|') || rest.contains('|') {
        return None;
    }
    Some(Spanned::new(inside.to_owned(), first.span.file.span(first.span.start..last.span.end)))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(commands: &str) -> String {
        format!("```bash\n{commands}\n```\n\n```bash\nls\n```\n")
    }

    #[test]
    fn what_does_not_end_is_last_in_its_block_or_in_the_background() {
        let id = "commands-not-reached";
        let found = ["2:1 the commands below this one are not reached"];
        for endless in [
            "kubectl port-forward -n m svc/a 3000:80",
            "kubectl logs -f deploy/a",
            "docker compose up",
            "docker-compose -f a.yml up --build",
            "tail -f /var/log/a.log",
            "watch kubectl get pods",
        ] {
            check(id, &guide(&format!("{endless}\n# Then\nls")), &found);
            check(id, &guide(endless), &[]);
            check(id, &guide(&format!("{endless} &\nls")), &[]);
        }
        for ends in ["docker compose up -d", "kubectl logs deploy/a", "tail -n 5 a.log", "kubectl get pods"] {
            check(id, &guide(&format!("{ends}\nls")), &[]);
        }
        check(id, &guide("tail -f a.log | head -1\nls"), &[]);
    }

    #[test]
    fn a_guide_that_gives_each_a_terminal_is_right() {
        let id = "commands-not-reached";
        let block = "kubectl port-forward svc/a 1:1\n# In another terminal\nkubectl port-forward svc/b 2:2";
        check(id, &guide(block), &[]);
        let two = guide("kubectl port-forward svc/a 1:1\nkubectl port-forward svc/b 2:2");
        check(id, &format!("Run these in separate terminals:\n\n{two}"), &[]);
        let elsewhere = format!("# Terminal\n\n{}\n{two}", "words ".repeat(60));
        check(id, &elsewhere, &["5:1 the commands below this one are not reached"]);
    }

    #[test]
    fn a_block_is_told_once() {
        let all =
            "kubectl port-forward svc/a 1:1\nkubectl port-forward svc/b 2:2\nkubectl port-forward svc/c 3:3";
        check("commands-not-reached", &guide(all), &["2:1 the commands below this one are not reached"]);
    }
}
