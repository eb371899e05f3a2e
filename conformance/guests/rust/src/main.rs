//! A guest with `rust_socketio`'s asynchronous client: one client for each connection, and every push until it is acked. It
//! talks with the harness by lines, as conformance/harness/guest.mjs says.

mod connection;
mod place;

use std::{collections::VecDeque, time::Duration};

use connection::Connection;
use place::{Place, say};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut lines = BufReader::new(stdin()).lines();
    let first = lines.next_line().await.ok().flatten().expect("the harness says where the server is");
    let mut guest = Guest { place: Place::of(&first), pushes: VecDeque::new(), lines };
    loop {
        guest.stay_connected().await;
        say(json!({ "event": "disconnect" }));
        // A pause on purpose: as any client does before it tries again.
        tokio::time::sleep(PAUSE).await;
    }
}

struct Guest {
    place: Place,
    /// What was asked for and is not acked yet.
    pushes: VecDeque<Value>,
    lines: Lines<BufReader<Stdin>>,
}

impl Guest {
    /// One connection, to its end.
    async fn stay_connected(&mut self) {
        let Some(mut connection) = Connection::open(&self.place).await else { return };
        loop {
            tokio::select! {
                heard = connection.next() => match heard {
                    Some(heard) => self.take(&heard),
                    None => break,
                },
                line = self.lines.next_line() => {
                    // Without the harness there is nothing to do.
                    let Ok(Some(line)) = line else { std::process::exit(0) };
                    self.pushes.push_back(serde_json::from_str(&line).expect("the harness writes JSON"));
                }
            }
            if !connection.ask_for(self.pushes.front()).await {
                break;
            }
        }
        connection.close().await;
    }

    fn take(&mut self, heard: &connection::Heard) {
        match heard {
            connection::Heard::Event(name, arguments) => self.place.take(name, arguments),
            connection::Heard::Answer(answer) => {
                let push = self.pushes.pop_front().expect("an answer is to a push that waits");
                say(json!({ "event": "pushed", "key": push["key"], "answer": answer }));
            }
            connection::Heard::Nothing => {}
        }
    }
}
