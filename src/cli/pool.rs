//! Work spread over all cores, its results handed over in the order of the work.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Room for walking deep expressions, as on the main thread.
const STACK_BYTES: usize = 8 << 20;

/// Runs `work` on every item, on so many threads; `finished` is called for each in the items' order, as soon as
/// all before it are done, and `progress` whenever any is.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: NonZeroUsize,
    work: impl Fn(&T) -> R + Sync,
    mut progress: impl FnMut(usize),
    mut finished: impl FnMut(R),
) {
    let threads = threads.get().min(items.len());
    if threads <= 1 {
        for (done, item) in items.iter().enumerate() {
            let result = work(item);
            progress(done + 1);
            finished(result);
        }
        return;
    }
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (send, next, work) = (send.clone(), &next, &work);
            let worker = move || {
                while let Some((at, item)) = take(items, next) {
                    if send.send((at, work(item))).is_err() {
                        return;
                    }
                }
            };
            let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
            if spawned.is_err() {
                // The system has no more threads to give; those that run do the work.
                break;
            }
        }
        // With no thread at all the work is done here.
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        let mut done = 0;
        let mut hand_over = |at: usize, result: R| {
            done += 1;
            progress(done);
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&due) {
                due += 1;
                finished(result);
            }
        };
        drop(send);
        for (at, result) in &receive {
            hand_over(at, result);
        }
        while let Some((at, item)) = take(items, &next) {
            hand_over(at, work(item));
        }
    });
}

fn take<'a, T>(items: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work_whatever_the_threads() {
        let items: Vec<u64> = (0..200).collect();
        for threads in [1, 2, 7, 500] {
            let (mut results, mut counted) = (Vec::new(), Vec::new());
            let threads = NonZeroUsize::new(threads).unwrap();
            // The first items take longest.
            let work = |item: &u64| {
                (0..(200 - item) * 50).for_each(|x| {
                    std::hint::black_box(x);
                });
                item * 2
            };
            in_order(&items, threads, work, |done| counted.push(done), |result| results.push(result));
            assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
            assert_eq!(counted, (1..=200).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_work_is_done_at_once() {
        in_order(&[] as &[u8], NonZeroUsize::MIN, |_| (), |_| unreachable!(), |()| unreachable!());
    }
}
