//! The answers' way back: the writer's thread leaves them, a task hands them over, and the end of the server wants to know
//! that all of them are.

use std::sync::Arc;

use interleave::{Mutex, block_on, every_order, spawn};

/// What `crate::threads` is in the file below.
use interleave as threads;

#[path = "../../crates/server/src/sync/answers.rs"]
mod answers;

use answers::Answers;

/// Answers, and those that were handed over.
#[derive(Default)]
struct Way {
    answers: Answers<u8>,
    delivered: Mutex<Vec<u8>>,
}

impl Way {
    async fn flush(&self) {
        for answer in self.answers.take().await.answers.drain(..) {
            self.delivered.lock().push(answer);
        }
    }
}

fn leaves_two(way: &Arc<Way>) -> loom::thread::JoinHandle<()> {
    let way = Arc::clone(way);
    spawn(move || [1, 2].into_iter().for_each(|answer| way.answers.leave(answer)))
}

#[test]
fn an_answer_that_was_left_is_handed_over_without_another_one_coming() {
    every_order(|| {
        let way = Arc::new(Way::default());
        let writer = leaves_two(&way);
        block_on(async {
            while way.delivered.lock().len() < 2 {
                way.answers.arrive().await;
                way.flush().await;
            }
        });
        writer.join().unwrap();
        assert_eq!(*way.delivered.lock(), [1, 2], "each once and in order");
    });
}

#[test]
fn whoever_flushes_at_the_end_finds_everything_handed_over() {
    every_order(|| {
        let way = Arc::new(Way::default());
        let writer = leaves_two(&way);
        let of_task = Arc::clone(&way);
        let task = spawn(move || block_on(of_task.flush()));
        writer.join().unwrap();
        block_on(way.flush());
        assert_eq!(*way.delivered.lock(), [1, 2], "also what the task took before");
        task.join().unwrap();
    });
}
