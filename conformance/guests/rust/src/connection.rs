//! One connection, and everything that `rust_socketio` 0.6 leaves to its user: that a handshake may take only so long, that a
//! WebSocket that was closed in order ends without a word, and that an acknowledgement may never come.
//!
//! Its own reconnecting is turned off: it waits for ever for a handshake that stalls, and two acknowledgements that wait
//! under the same of its thousand random numbers end it in a panic.

use std::time::Duration;

use futures_util::FutureExt;
use native_tls::TlsConnector;
use rust_socketio::{
    Event, Payload,
    asynchronous::{Client, ClientBuilder},
};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, timeout},
};

use crate::place::{Place, say};

/// What takes longer than this is over.
const SOON: Duration = Duration::from_secs(3);

/// How often something is sent to notice a connection that has ended without a word.
const SIGN_OF_LIFE: Duration = Duration::from_millis(700);

/// The events of the server.
const EVENTS: [&str; 4] = ["connected", "sync_update", "mark", "reset"];

pub(crate) enum Heard {
    Event(&'static str, Vec<Value>),
    Answer(Value),
    /// Time has passed.
    Nothing,
}

enum Told {
    Heard(Heard),
    Over,
}

pub(crate) struct Connection {
    client: Client,
    teller: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    /// When a push was sent that is not acked yet.
    asked_at: Option<Instant>,
}

impl Connection {
    /// None if it cannot be had soon.
    pub(crate) async fn open(place: &Place) -> Option<Self> {
        let (teller, told) = unbounded_channel();
        let builder = ClientBuilder::new(&*place.url).auth(place.auth()).transport_type(place.transport.clone());
        let builder = listening(builder.tls_config(no_certificates()).reconnect(false), &teller);
        let client = timeout(SOON, builder.connect()).await.ok()?.ok()?;
        Some(Self { client, teller, told, asked_at: None })
    }

    /// None when the connection is over.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        match timeout(SIGN_OF_LIFE, self.told.recv()).await {
            Ok(Some(Told::Heard(heard))) => {
                if let Heard::Answer(_) = heard {
                    self.asked_at = None;
                }
                Some(heard)
            }
            Ok(_) => None,
            // An event that the server does not know is ignored.
            Err(_) => sent(self.client.emit("alive", json!({}))).await.then_some(Heard::Nothing),
        }
    }

    /// Asks for a push, unless an answer is waited for. False when the connection is over.
    pub(crate) async fn ask_for(&mut self, push: Option<&Value>) -> bool {
        if let Some(asked_at) = self.asked_at {
            return asked_at.elapsed() < SOON;
        }
        let Some(push) = push else { return true };
        say(json!({ "event": "pushing", "key": push["key"] }));
        self.asked_at = Some(Instant::now());
        let teller = self.teller.clone();
        let answered = move |payload: Payload, _: Client| {
            if let Payload::Text(values) = payload {
                // The list of arguments comes as one argument.
                drop(teller.send(Told::Heard(Heard::Answer(values[0][0].clone()))));
            }
            async {}.boxed()
        };
        sent(self.client.emit_with_ack("push", push.clone(), SOON, answered)).await
    }

    /// What is heard from now on belongs to nobody.
    pub(crate) async fn close(self) {
        drop(self.told);
        drop(timeout(SOON, self.client.disconnect()).await);
    }
}

/// The client with a handler for each event; they are called one after the other.
fn listening(mut builder: ClientBuilder, teller: &UnboundedSender<Told>) -> ClientBuilder {
    for name in EVENTS {
        let teller = teller.clone();
        builder = builder.on(name, move |payload, _| {
            if let Payload::Text(arguments) = payload {
                drop(teller.send(Told::Heard(Heard::Event(name, arguments))));
            }
            async {}.boxed()
        });
    }
    for end in [Event::Error, Event::Close] {
        let teller = teller.clone();
        builder = builder.on(end, move |_, _| {
            drop(teller.send(Told::Over));
            async {}.boxed()
        });
    }
    builder
}

/// Without it each connection reads all certificates of the machine, which takes longer than the connecting; there is no TLS here.
fn no_certificates() -> TlsConnector {
    TlsConnector::builder().disable_built_in_roots(true).build().expect("nothing is asked for that could fail")
}

/// Whether something could be sent soon.
async fn sent<E>(sending: impl Future<Output = Result<(), E>>) -> bool {
    matches!(timeout(SOON, sending).await, Ok(Ok(())))
}
