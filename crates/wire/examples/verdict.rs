//! What our decoders say of packets, for whoever wants to compare: the differential test in `conformance/` sets it beside the
//! official JavaScript parsers. On its input each case is `s` (a Socket.IO packet's text) or `e` (an Engine.IO polling
//! payload), its length as four bytes with the lowest first, and its bytes; on its output, one line of JSON each.

use std::io::{self, BufReader, BufWriter, Read as _, Write as _};

use bytes::Bytes;
use serde_json::{Value, json};
use wire::engineio::{self, Message, Packet};
use wire::socketio::{Header, Kind};

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut head = [0; 5];
    while input.read_exact(&mut head).is_ok() {
        let [kind, length @ ..] = head;
        let mut case = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut case)?;
        let verdict = if kind == b's' { packet(&case.into()) } else { payload(case.into()) };
        writeln!(output, "{verdict}")?;
        // Whoever asks may wait for the answer before asking on.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

fn packet(text: &Bytes) -> Value {
    let Header { namespace, kind, attachments } = match Header::decode(text) {
        Ok(header) => header,
        Err(error) => return json!({ "refused": error.to_string() }),
    };
    let (kind, id, data) = match kind {
        Kind::Connect(auth) => (0, None, auth),
        Kind::Disconnect => (1, None, None),
        Kind::Event(name, arguments, id) => {
            let name = Value::from(&*name);
            let comma = if arguments.is_empty() { "" } else { "," };
            (2, id, Some(format!("[{name}{comma}{}]", utf8(arguments.as_bytes())).into()))
        }
        Kind::Ack(id, arguments) => (3, Some(id), Some(format!("[{}]", utf8(arguments.as_bytes())).into())),
    };
    let data = data.map(|data: Bytes| utf8(&data));
    json!({ "type": kind, "nsp": namespace.as_str(), "id": id, "attachments": attachments, "data": data })
}

fn payload(payload: Bytes) -> Value {
    let Ok(packets) = engineio::packets(payload) else { return json!([{ "type": "error" }]) };
    packets.map(|packet| packet.map_or_else(|_| json!({ "type": "error" }), |packet| described(&packet))).collect()
}

fn described(packet: &Packet) -> Value {
    let (kind, data) = match packet {
        Packet::Open(data) => ("open", Some(data)),
        Packet::Close => ("close", None),
        Packet::Ping(data) => ("ping", Some(data)),
        Packet::Pong(data) => ("pong", Some(data)),
        Packet::Message(Message::Text(data)) => ("message", Some(data)),
        Packet::Message(Message::Binary(data)) => return json!({ "type": "message", "bytes": data.to_vec() }),
        Packet::Upgrade => ("upgrade", None),
        Packet::Noop => ("noop", None),
    };
    json!({ "type": kind, "data": data.map(utf8) })
}

fn utf8(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}
