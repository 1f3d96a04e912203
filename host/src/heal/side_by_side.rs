//! Does one thing to many, on all cores. Work here waits for processes most of the time, so threads are enough.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Works on the items side by side and gives the results in the items' order. After a failure no further item is begun,
/// and the failure of the earliest item is what comes back.
pub(super) fn side_by_side<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !failed.load(Ordering::SeqCst) {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(at) else { return };
                    let result = work(item);
                    failed.fetch_or(result.is_err(), Ordering::SeqCst);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_items() {
        let items: Vec<u32> = (0..100).collect();
        let doubled: Result<Vec<u32>, ()> = side_by_side(&items, |n| Ok(n * 2));
        assert_eq!(doubled, Ok(items.iter().map(|n| n * 2).collect()));
        assert_eq!(side_by_side(&[0_u32; 0], |_| Err::<(), _>(())), Ok(Vec::new()));
    }

    #[test]
    fn a_failure_ends_the_rest() {
        let items: Vec<u32> = (0..10_000).collect();
        let begun = AtomicUsize::new(0);
        let result = side_by_side(&items, |n| {
            begun.fetch_add(1, Ordering::SeqCst);
            if *n == 3 { Err(*n) } else { Ok(()) }
        });
        assert_eq!(result, Err(3));
        assert!(begun.load(Ordering::SeqCst) < items.len());
    }
}
