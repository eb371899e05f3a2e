//! A Socket.IO client over a raw WebSocket, in one space. It answers pings, and keeps what came while it waited for an
//! acknowledgement.

use std::{collections::VecDeque, io, net::SocketAddr, time::Instant};

use bytes::Buf as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use wire::websocket::{Decoder, Event, FrameHeader, Opcode, Role, mask};

use super::{Ask, Http, Packet, Update};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) struct Socket {
    http: Http,
    decoder: Decoder,
    /// `/name,`, or nothing for the space `default`.
    namespace: String,
    acks: u64,
    kept: VecDeque<Packet>,
}

impl Socket {
    /// The request that opens a WebSocket.
    pub(crate) fn request() -> Ask {
        Ask::get("/socket.io/?EIO=4&transport=websocket")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    /// An open Engine.IO session that has asked for nothing yet.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let mut http = Http::open(address).await?;
        http.write(&Self::request().bytes()).await?;
        let answer = http.head().await?;
        if answer.status != 101 {
            return Err(io::Error::other(format!("no WebSocket but {}", answer.status)));
        }
        let decoder = Decoder::new(Role::Client, usize::MAX);
        let mut socket = Self { http, decoder, namespace: String::new(), acks: 0, kept: VecDeque::new() };
        let open = socket.text().await?;
        assert!(open.starts_with('0'), "a session begins with its handshake: {open}");
        Ok(socket)
    }

    /// A socket whose CONNECT was answered, in whatever way.
    pub(crate) async fn knock(address: SocketAddr, space: &str, auth: &Value) -> io::Result<(Self, Packet)> {
        let mut socket = Self::open(address).await?;
        if space != "default" {
            socket.namespace = format!("/{space},");
        }
        socket.send(&format!("40{}{auth}", socket.namespace)).await?;
        let answer = socket.next().await?;
        Ok((socket, answer))
    }

    /// A socket that is in, its CONNECT answer, and the arguments of `connected`.
    pub(crate) async fn enter(address: SocketAddr, space: &str, auth: &Value) -> io::Result<(Self, Value, Value)> {
        let (mut socket, answer) = Self::knock(address, space, auth).await?;
        let Packet::Connected(connect) = answer else { panic!("not let in: {answer:?}") };
        match socket.next().await? {
            Packet::Event(name, arguments) if name == "connected" => Ok((socket, connect, Value::Array(arguments))),
            other => panic!("connected comes first, not {other:?}"),
        }
    }

    /// Sends the text of an Engine.IO packet.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.frame(Opcode::Text, text.as_bytes()).await
    }

    pub(crate) async fn frame(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        self.http.stream.write_all(&frame(opcode, payload)).await
    }

    /// Sends bytes as they are.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.http.write(bytes).await
    }

    /// Sends an event that asks for an answer; its number.
    pub(crate) async fn emit(&mut self, event: &str, argument: &Value) -> io::Result<u64> {
        self.acks += 1;
        let arguments = json!([event, argument]);
        self.send(&format!("42{}{}{arguments}", self.namespace, self.acks)).await?;
        Ok(self.acks)
    }

    /// Sends an event whose one argument is this text, as it is, and waits for the answer.
    pub(crate) async fn ask_raw(&mut self, event: &str, argument: &str) -> io::Result<Value> {
        self.acks += 1;
        let id = self.acks;
        self.send(&format!("42{}{id}[\"{event}\",{argument}]", self.namespace)).await?;
        self.answer_to(id).await
    }

    /// Sends an event and waits for its answer; other packets are kept for [`Socket::next`].
    pub(crate) async fn ask(&mut self, event: &str, argument: &Value) -> io::Result<Value> {
        let id = self.emit(event, argument).await?;
        self.answer_to(id).await
    }

    pub(crate) async fn push(&mut self, body: &Value) -> io::Result<Value> {
        self.ask("push", body).await
    }

    pub(crate) async fn answer_to(&mut self, id: u64) -> io::Result<Value> {
        loop {
            match self.arrived().await? {
                Packet::Ack(of, answer) if of == id => return Ok(answer),
                other => self.kept.push_back(other),
            }
        }
    }

    /// The next packet.
    pub(crate) async fn next(&mut self) -> io::Result<Packet> {
        match self.kept.pop_front() {
            Some(packet) => Ok(packet),
            None => self.arrived().await,
        }
    }

    /// The next update; nothing else may come before it.
    pub(crate) async fn update(&mut self) -> io::Result<Update> {
        let packet = self.next().await?;
        Ok(packet.update().unwrap_or_else(|| panic!("an update was expected, not {packet:?}")))
    }

    async fn arrived(&mut self) -> io::Result<Packet> {
        let text = self.text().await?;
        match text.strip_prefix('4') {
            Some(packet) => Ok(Packet::read(packet)),
            None => panic!("a message was expected, not {text}"),
        }
    }

    /// The text of the next Engine.IO packet that is no ping. An error once the server has ended the connection.
    pub(crate) async fn text(&mut self) -> io::Result<String> {
        loop {
            match self.event().await? {
                Event::Text(text) if text == "2" => self.send("3").await?,
                Event::Text(text) => return String::from_utf8(text.to_vec()).map_err(io::Error::other),
                Event::Close(_) => return Err(io::ErrorKind::ConnectionAborted.into()),
                other => panic!("this server sends text: {other:?}"),
            }
        }
    }

    /// The next WebSocket event. Safe to be cancelled.
    pub(crate) async fn event(&mut self) -> io::Result<Event> {
        loop {
            let mut input = &self.http.unread[..];
            let event = self.decoder.decode(Instant::now(), &mut input).expect("a server keeps the rules of WebSocket");
            let taken = self.http.unread.len() - input.len();
            self.http.unread.advance(taken);
            match event {
                Some(event) => return Ok(event),
                None => self.http.read().await?,
            }
        }
    }
}

/// A masked frame, whole.
pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = FrameHeader::client(opcode, payload.len(), MASK).as_bytes().to_vec();
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    mask(&mut bytes[start..], MASK, 0);
    bytes
}
