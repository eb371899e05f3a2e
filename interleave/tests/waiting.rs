//! Who is counted while they wait: readers and the end, which keep the projector from gathering, and pushes in line before the
//! writer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use interleave::{AtomicUsize, Ordering, every_order, spawn};

/// What `crate::threads` is in the files below.
use interleave as threads;

#[path = "../../crates/server/src/sync/hurry.rs"]
mod hurry;
#[path = "../../crates/server/src/sync/line.rs"]
mod line;

use hurry::Hurry;
use line::Line;

#[test]
fn the_projector_never_sleeps_over_somebody_who_waits() {
    every_order(|| {
        let hurry = Arc::new(Hurry::default());
        let of_projector = Arc::clone(&hurry);
        let projector = spawn(move || of_projector.none_until(Instant::now() + Duration::from_secs(3_600)));
        hurry.set_projector(projector.thread().clone());
        let _one = hurry.wait();
        projector.join().unwrap();
    });
}

#[test]
fn the_projector_never_sleeps_over_the_end() {
    every_order(|| {
        let hurry = Arc::new(Hurry::default());
        let of_projector = Arc::clone(&hurry);
        let projector = spawn(move || of_projector.none_until(Instant::now() + Duration::from_secs(3_600)));
        hurry.set_projector(projector.thread().clone());
        hurry.end();
        projector.join().unwrap();
    });
}

#[test]
fn the_line_never_grows_beyond_its_bound_and_never_stays_full() {
    every_order(|| {
        let (line, inside) = (Arc::new(Line::default()), Arc::new(AtomicUsize::new(0)));
        let pushes = |bytes: usize| {
            let (line, inside) = (Arc::clone(&line), Arc::clone(&inside));
            move || {
                let is_in = line.join(bytes, 10);
                if is_in {
                    let before = inside.fetch_add(bytes, Ordering::Relaxed);
                    assert!(before == 0 || before + bytes <= 10, "{before} and {bytes} are in line");
                    inside.fetch_sub(bytes, Ordering::Relaxed);
                    line.leave(bytes);
                }
                is_in
            }
        };
        let others = [4, 7].map(|bytes| spawn(pushes(bytes)));
        let mut is_in = pushes(6)();
        for other in others {
            is_in |= other.join().unwrap();
        }
        assert!(is_in, "somebody got in");
        assert!(line.join(11, 10), "what is too long gets in alone, and so the line was empty");
    });
}
