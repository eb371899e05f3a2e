//! Whether messages arrive: one push comes back, a retry is dropped, an id is taken once, and nothing is missed while a
//! client is away.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    endpoint::{Answer, Endpoint},
    finding::Finding,
    limits::{PUSH_TIME_GOOD, REPEATS_MAX},
    socket::{Client, Trouble, random},
};

/// The only topic that is written to.
const TOPIC: &str = "tidings/doctor";

/// One examination's pushes.
struct Delivery<'a> {
    endpoint: &'a Endpoint,
    token: &'a str,
    /// Makes the ids of this run unlike those of any other.
    run: String,
}

/// Looks at all of it, and takes away what was pushed.
pub(super) async fn examine(endpoint: &Endpoint, token: &str, mut tell: impl FnMut(Finding)) {
    let run = random::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    let delivery = Delivery { endpoint, token, run };
    match delivery.connect(None).await {
        Err(trouble) => tell(Finding::problem(
            format!("the token is not let in: {trouble}"),
            "Make another one with `tidings token` from the data folder of this very server.",
        )),
        Ok(client) => {
            delivery.walk(client, &mut tell).await;
            for name in ["one", "two", "three"] {
                // Nothing is lost if this fails: nobody else reads the topic.
                let _ = delivery.push("delete", json!({ "id": delivery.id(name) }), None).await;
            }
        }
    }
}

impl Delivery<'_> {
    /// Stops at the first push that does not get through; the rest would only say so again.
    async fn walk(&self, mut client: Client, tell: &mut impl FnMut(Finding)) {
        let (finding, is_through) = self.comes_back(&mut client).await;
        tell(finding);
        if is_through {
            tell(self.retry_is_dropped(&mut client).await);
            tell(self.id_is_taken_once().await);
            tell(self.survives_a_reconnect(client).await);
        }
    }

    /// Does a push come back, and how fast?
    async fn comes_back(&self, client: &mut Client) -> (Finding, bool) {
        let start = Instant::now();
        let answer = match self.push("add", self.item("one"), Some("one")).await {
            Ok(answer) if answer.status.is_success() => answer,
            Ok(answer) => return (refused(&answer), false),
            Err(error) => return (no_push(&error), false),
        };
        let acked = start.elapsed();
        match self.update(client, "one").await {
            Ok(()) => (speed(acked, start.elapsed()), true),
            Err(trouble) => {
                let seen = format!(
                    "a push was accepted at position {}, but did not come back: {trouble}",
                    answer.json()["position"]
                );
                (Finding::problem(seen, HELD_BACK), false)
            }
        }
    }

    /// Is a retry dropped, and does everything come once? After it, the next message must be the next thing that arrives.
    async fn retry_is_dropped(&self, client: &mut Client) -> Finding {
        let again = match self.push("add", self.item("one"), Some("one")).await {
            Ok(answer) if answer.status.is_success() || answer.status == StatusCode::CONFLICT => answer.json(),
            Ok(answer) => return refused(&answer),
            Err(error) => return no_push(&error),
        };
        if let Err(error) = self.push("add", self.item("two"), None).await {
            return no_push(&error);
        }
        let (repeats, next) = self.after_repeats(client).await;
        match next {
            _ if again["duplicate"] != true => {
                Finding::problem("a push that is sent again with its key is taken for a new one", NOT_A_RETRY)
            }
            Ok(_) if repeats > 0 => Finding::problem("a push that was written once arrives twice", TWICE),
            Ok(update) if update["data"]["id"] == self.id("two") => {
                Finding::ok("a push that is sent again with its key arrives once")
            }
            Ok(_) => Finding::problem("after a retry something arrives that nobody pushed", REPORT),
            Err(trouble) => Finding::problem(format!("the push after a retry did not arrive: {trouble}"), HELD_BACK),
        }
    }

    /// How often the first message comes again, and what comes after that: the next question begins there.
    async fn after_repeats(&self, client: &mut Client) -> (usize, Result<Value, Trouble>) {
        let mut repeats = 0;
        loop {
            match client.event("sync_update").await {
                Ok(update) if update["data"]["id"] == self.id("one") && repeats < REPEATS_MAX => repeats += 1,
                next => return (repeats, next),
            }
        }
    }

    /// Is an id that exists refused for another item?
    async fn id_is_taken_once(&self) -> Finding {
        let other = json!({ "id": self.id("two"), "text": "another item" });
        match self.push("add", other, None).await {
            Ok(answer) if answer.json()["code"] == "id_taken" => Finding::ok(
                "a new id is accepted, and one that exists is refused (409 id_taken); if your app sees that, two clients make \
                 the same ids: let them use crypto.randomUUID()",
            ),
            Ok(answer) if answer.status.is_success() => {
                Finding::problem("an item with an id that exists was accepted in place of the first", REPORT)
            }
            Ok(answer) => refused(&answer),
            Err(error) => no_push(&error),
        }
    }

    /// Does a message that was sent while a client was away reach it when it is back?
    async fn survives_a_reconnect(&self, client: Client) -> Finding {
        let cursor = client.cursor.clone();
        client.lose().await;
        match self.push("add", self.item("three"), None).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => return refused(&answer),
            Err(error) => return no_push(&error),
        }
        let back = async {
            let mut client = self.connect(cursor.as_deref()).await?;
            self.update(&mut client, "three").await?;
            client.leave().await;
            Ok::<(), Trouble>(())
        };
        match back.await {
            Ok(()) => Finding::ok(
                "a message that was sent while a client was away arrives when it is back; socket.io-client asks for it by \
                 itself from 4.6 on, other clients hand their cursor back",
            ),
            Err(trouble) => Finding::problem(
                format!("a message that was sent while a client was away did not arrive: {trouble}"),
                MISSED,
            ),
        }
    }

    /// A client that follows the topic, after a cursor if there is one, and has been told where it starts.
    async fn connect(&self, cursor: Option<&str>) -> Result<Client, Trouble> {
        let mut auth = json!({ "token": self.token, "topics": [TOPIC] });
        if let Some(cursor) = cursor {
            auth["cursor"] = cursor.into();
        }
        let mut client = Client::connect(self.endpoint, &auth).await?;
        let connected = client.event("connected").await?;
        if cursor.is_some() && connected["resumed"] != true {
            return Err(Trouble::Unexpected("the server does not know how far the client had come".to_owned()));
        }
        Ok(client)
    }

    /// Waits for the update about an item; another one is not what should come.
    async fn update(&self, client: &mut Client, name: &str) -> Result<(), Trouble> {
        let update = client.event("sync_update").await?;
        let is_it = update["type"] == TOPIC && update["data"]["id"] == self.id(name);
        if is_it { Ok(()) } else { Err(Trouble::Unexpected(format!("another update came: {}", update["data"]["id"]))) }
    }

    async fn push(&self, action: &str, data: Value, key: Option<&str>) -> Result<Answer, String> {
        let mut body = json!({ "type": TOPIC, "action": action, "data": data });
        if let Some(key) = key {
            body["key"] = self.id(key).into();
        }
        self.endpoint.post("/api/sync/push", self.token, &body).await.map_err(|error| error.to_string())
    }

    fn item(&self, name: &str) -> Value {
        json!({ "id": self.id(name), "text": "tidings doctor was here" })
    }

    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.run)
    }
}

const REPORT: &str = "That should not happen: please report it, with the server's version and its log.";

const HELD_BACK: &str = "A proxy in between must pass WebSocket messages on at once and unchanged: try the server's own \
    address; if it is the same there, the server's log says why.";

const NOT_A_RETRY: &str = "A proxy in between must pass the bodies of pushes on unchanged, and all of them to one server: \
    try the server's own address; if it is the same there, please report it, with the server's version and its log.";

const TWICE: &str = "Apps that keep each id once show it once all the same. A proxy in between must pass each message on \
    once: try the server's own address; if it is the same there, please report it, with the server's version and its log.";

const MISSED: &str = "All connections must lead to one server, whose data folder was not replaced meanwhile, and a proxy must \
    pass everything on: try the server's own address; if it is the same there, please report it, with the server's log.";

fn speed(acked: Duration, back: Duration) -> Finding {
    let ms = |span: Duration| format!("{:.1} ms", span.as_secs_f64() * 1_000.0);
    let seen = format!("a push comes back after {}, written to disk after {}", ms(back), ms(acked));
    if back <= PUSH_TIME_GOOD {
        return Finding::ok(seen);
    }
    Finding::warning(seen, "People feel that. Is the disk slow or busy, the machine overloaded, or the network long?")
}

fn refused(answer: &Answer) -> Finding {
    let fix = match answer.status.as_u16() {
        401 | 403 => "Make a token with `tidings token` from the data folder of this very server.",
        429 | 503 => "The server is busy, starting or out of disk: its log says which.",
        _ => "The sentence says what to change.",
    };
    Finding::problem(format!("a push is refused with {}", answer.complaint()), fix)
}

fn no_push(error: &str) -> Finding {
    Finding::problem(format!("a push gets no answer: {error}"), "A proxy in between must pass POST /api/sync/push on.")
}
