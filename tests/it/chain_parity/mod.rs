//! The whole chain beside the real one: scrape, rule, alert, route, message.
//!
//! Each play runs Debian's Prometheus and Alertmanager as processes, scraping a server that answers from the play's
//! workload, and the same scenario in the twin, on the same documents. The two must tell the same story: every alert
//! goes through the same states with the same texts, every receiver gets the same messages, each at the same time to
//! within an interval (the real one spreads scrapes and evaluations over theirs) and a second.

mod message;
mod play;
mod plays;
mod processes;
mod scraped;

use std::thread;

use plays::Play;

use crate::real;

#[test]
fn the_whole_chain_tells_the_same_as_the_real_programs() {
    if !real::available(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let plays = plays::all();
    let mut left: Vec<(usize, &Play)> = plays.iter().enumerate().collect();
    let mut wrong: Vec<String> = Vec::new();
    // Real time on a busy machine: what differs gets another chance, with less company.
    for _ in 0..3 {
        let answers = thread::scope(|scope| {
            let running: Vec<_> = left
                .iter()
                .map(|(number, play)| (*number, *play, scope.spawn(move || play.compare(*number))))
                .collect();
            let ended = running.into_iter().map(|(number, play, thread)| {
                let told = thread.join().unwrap_or_else(|panic| {
                    Err(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".into()))
                });
                (number, play, told)
            });
            ended.collect::<Vec<_>>()
        });
        let differing: Vec<_> = answers
            .into_iter()
            .filter_map(|(number, play, told)| Some((number, play, told.err()?)))
            .collect();
        wrong = differing.iter().map(|(_, play, why)| format!("{}\n{why}", play.name)).collect();
        wrong.iter().for_each(|why| eprintln!("differs, at first:\n{why}"));
        left = differing.into_iter().map(|(number, play, _)| (number, play)).collect();
        if left.is_empty() {
            break;
        }
    }
    assert!(wrong.is_empty(), "{} of {} plays differ:\n\n{}", wrong.len(), plays.len(), wrong.join("\n"));
}
