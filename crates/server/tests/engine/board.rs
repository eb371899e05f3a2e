//! The application under the tests: Socket.IO on `/` and `/custom`, echo and acknowledgements, and a board whose posts
//! every connected client gets, pulled from shared bytes like the real server's entries.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use server::engine::{Application, CloseReason, Control, Handshake, Link, Message, Outlet, SessionId, Slice, Span};
use tokio::sync::mpsc::UnboundedSender;
use wire::socketio::{self, Event, Incoming, Namespace};
use wire::websocket::{FrameHeader, Opcode};

pub(crate) struct Board {
    pub(crate) socketio: socketio::Config,
    pub(crate) closed: UnboundedSender<CloseReason>,
    /// Posts that lie one behind the other, in chunks.
    pub(crate) chunks: RwLock<Vec<Chunk>>,
    /// What happens while the next session opens, before anybody knows it.
    pub(crate) meanwhile: Mutex<Option<Meanwhile>>,
}

pub(crate) type Meanwhile = Box<dyn FnOnce() + Send>;

pub(crate) struct Chunk {
    bytes: Bytes,
    spans: Vec<Span>,
}

impl Chunk {
    /// Encodes messages, each with its WebSocket header before it.
    pub(crate) fn encode(messages: &[String]) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        let place = |bytes: &Vec<u8>| u32::try_from(bytes.len()).expect("tests post less than 4 GB");
        for message in messages {
            let start = place(&bytes);
            bytes.extend_from_slice(FrameHeader::server(Opcode::Text, message.len()).as_bytes());
            let payload = place(&bytes);
            bytes.extend_from_slice(message.as_bytes());
            spans.push(Span { start, payload, end: place(&bytes) });
        }
        Self { bytes: bytes.into(), spans }
    }
}

pub(crate) struct Reader {
    socketio: socketio::Session,
    /// Posts that it was served, as (chunk, span); none before it has connected.
    served: Option<(usize, usize)>,
}

impl Application for Board {
    type Session = Reader;

    fn opened(&self, _: &Arc<Link<Self>>, _: &Handshake) -> Reader {
        if let Some(meanwhile) = self.meanwhile.lock().take() {
            meanwhile();
        }
        Reader { socketio: socketio::Session::open(Instant::now(), &self.socketio), served: None }
    }

    fn received(&self, _: &Arc<Link<Self>>, reader: &mut Reader, now: Instant, message: Message, out: &mut Control) {
        match reader.socketio.receive(now, message, &self.socketio) {
            Ok(Some(Incoming::Connect { namespace, auth })) => reader.connect(&namespace, auth, out),
            Ok(Some(Incoming::Event(event))) => answer(event, out),
            Ok(Some(Incoming::Ack(_) | Incoming::Disconnect(_)) | None) => {}
            Err(_) => out.close(CloseReason::ProtocolError),
        }
    }

    fn next_deadline(&self, reader: &Reader) -> Option<Instant> {
        reader.socketio.next_deadline()
    }

    fn deadline(&self, _: &Arc<Link<Self>>, reader: &mut Reader, now: Instant, out: &mut Control) {
        if reader.socketio.advance(now).is_err() {
            out.close(CloseReason::ProtocolError);
        }
    }

    fn fill(&self, reader: &mut Reader, outlet: &mut Outlet<'_>) {
        let Some((chunk, span)) = &mut reader.served else { return };
        let chunks = self.chunks.read();
        while let Some(current) = chunks.get(*chunk) {
            let offered = &current.spans[*span..];
            let taken = outlet.write(&[Slice { bytes: &current.bytes, spans: offered }]);
            if taken < offered.len() {
                *span += taken;
                return;
            }
            (*chunk, *span) = (*chunk + 1, 0);
        }
    }

    fn closed(&self, _: &Arc<Link<Self>>, _: Reader, reason: CloseReason) {
        let _ = self.closed.send(reason);
    }
}

impl Reader {
    fn connect(&mut self, namespace: &Namespace, auth: Option<Bytes>, out: &mut Control) {
        if !matches!(namespace.as_str(), "/" | "/custom") {
            self.socketio.refuse(namespace);
            return out.packet(socketio::connect_error(namespace, br#"{"message":"Invalid namespace"}"#));
        }
        self.socketio.accept(namespace);
        out.packet(socketio::connect(namespace, format!(r#"{{"sid":"{}"}}"#, SessionId::random()).as_bytes()));
        out.packet(socketio::event(namespace, "auth", auth.as_deref().unwrap_or(b"{}"), None, 0));
        self.served.get_or_insert((0, 0));
    }
}

fn answer(event: Event, out: &mut Control) {
    let Event { namespace, name, arguments, ack, attachments } = event;
    let packet = match (&*name, ack) {
        ("message", _) => socketio::event(&namespace, "message-back", arguments.as_bytes(), None, attachments.len()),
        ("message-with-ack", Some(id)) => socketio::ack(&namespace, id, arguments.as_bytes(), attachments.len()),
        _ => return,
    };
    out.packet(packet);
    for attachment in attachments {
        out.binary(attachment);
    }
}
