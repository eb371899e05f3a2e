//! What a Socket.IO client is told, read from the text of an Engine.IO message.

use serde_json::Value;

/// A packet of the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Packet {
    /// CONNECT was answered.
    Connected(Value),
    /// CONNECT was refused for good.
    Refused(Value),
    /// An event: its name and arguments.
    Event(String, Vec<Value>),
    /// The answer to an event of ours.
    Ack(u64, Value),
    /// The packet that this server never sends.
    Disconnect,
}

/// A `sync_update`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    pub(crate) body: Value,
    pub(crate) cursor: String,
}

impl Packet {
    /// Reads the text after Engine.IO's `4`, whatever its namespace.
    pub(crate) fn read(text: &str) -> Self {
        let (kind, rest) = text.split_at(1);
        let rest = match rest.strip_prefix('/') {
            Some(named) => named.split_once(',').map_or("", |(_, rest)| rest),
            None => rest,
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, body) = rest.split_at(digits);
        let json = || serde_json::from_str(body).unwrap_or_else(|_| panic!("not a packet: {text}"));
        match kind {
            "0" => Self::Connected(json()),
            "4" => Self::Refused(json()),
            "1" => Self::Disconnect,
            "2" => Self::event(json()),
            "3" => Self::Ack(id.parse().expect("an ack has a number"), json()[0].take()),
            _ => panic!("not a packet of a Socket.IO server: {text}"),
        }
    }

    fn event(arguments: Value) -> Self {
        let Value::Array(mut arguments) = arguments else { panic!("an event is a list: {arguments}") };
        let name = arguments.remove(0);
        Self::Event(name.as_str().expect("an event has a name").to_owned(), arguments)
    }

    /// The update in a `sync_update`.
    pub(crate) fn update(&self) -> Option<Update> {
        match self {
            Self::Event(name, arguments) if name == "sync_update" => {
                let [body, Value::String(cursor)] = arguments.as_slice() else {
                    panic!("a sync_update ends in its cursor: {arguments:?}")
                };
                Some(Update { body: body.clone(), cursor: cursor.clone() })
            }
            _ => None,
        }
    }
}
