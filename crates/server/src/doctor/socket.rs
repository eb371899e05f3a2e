//! A small Socket.IO client over one WebSocket: enough to be one more window of the app.

use std::{collections::VecDeque, fmt, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::{StatusCode, header, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use wire::{
    engineio::{Message, Packet},
    socketio::{self, Header, Kind, Namespace},
    websocket::{self, Decoder, FrameHeader, Opcode, Role},
};

use super::{
    endpoint::{Endpoint, NoAnswer},
    limits::{ANSWER_BYTES_MAX, ANSWER_TIME_MAX, LEAVE_TIME_MAX},
};

/// An open WebSocket.
pub(super) struct Socket {
    stream: TokioIo<Upgraded>,
    decoder: Decoder,
    texts: VecDeque<Bytes>,
}

/// A socket that is in the default space.
pub(super) struct Client {
    socket: Socket,
    /// The last string at the end of an event: how far this client has come.
    pub(super) cursor: Option<String>,
}

/// Why it did not go on.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer to the opening request.
    NoAnswer(NoAnswer),
    /// Another answer than "switching protocols".
    Status(StatusCode),
    /// It was let in, and then something else came than what has to.
    Unexpected(String),
    /// It was refused, with these words.
    Refused(String),
    /// Nothing came.
    TooSlow,
}

impl Socket {
    /// Opens a WebSocket to the Socket.IO path, with this query.
    pub(super) async fn open(endpoint: &Endpoint, query: &str) -> Result<Self, Trouble> {
        timeout(ANSWER_TIME_MAX, Self::upgrade(endpoint, query)).await.map_err(|_| Trouble::TooSlow)?
    }

    async fn upgrade(endpoint: &Endpoint, query: &str) -> Result<Self, Trouble> {
        let key = STANDARD.encode(random::<16>());
        let request = endpoint
            .request("GET", &format!("/socket.io/?{query}"))
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key);
        let response = endpoint.exchange(request.body(Full::default())).await.map_err(Trouble::NoAnswer)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Trouble::Status(response.status()));
        }
        let digest = websocket::accept(key.as_bytes()).ok();
        let answered = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if answered.is_none() || answered != digest.as_deref() {
            return Err(Trouble::Unexpected("the answer to the opening handshake is wrong".to_owned()));
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| Trouble::Unexpected(error.to_string()))?;
        let decoder = Decoder::new(Role::Client, ANSWER_BYTES_MAX);
        Ok(Self { stream: TokioIo::new(upgraded), decoder, texts: VecDeque::new() })
    }

    pub(super) async fn send(&mut self, text: &[u8]) -> Result<(), Trouble> {
        self.write(Opcode::Text, text).await
    }

    /// The next text message, within the time.
    pub(super) async fn next(&mut self) -> Result<Bytes, Trouble> {
        let next = async {
            loop {
                match self.texts.pop_front() {
                    Some(text) => return Ok(text),
                    None => self.read().await?,
                }
            }
        };
        timeout(ANSWER_TIME_MAX, next).await.map_err(|_| Trouble::TooSlow)?
    }

    async fn write(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Trouble> {
        let key = random::<4>();
        let mut masked = payload.to_vec();
        websocket::mask(&mut masked, key, 0);
        let frame = [FrameHeader::client(opcode, payload.len(), key).as_bytes(), &masked].concat();
        self.stream.write_all(&frame).await.map_err(|error| Trouble::Unexpected(error.to_string()))
    }

    async fn read(&mut self) -> Result<(), Trouble> {
        let mut buffer = BytesMut::with_capacity(16 * 1_024);
        let count = self.stream.read_buf(&mut buffer).await.map_err(|error| Trouble::Unexpected(error.to_string()))?;
        if count == 0 {
            return Err(Trouble::Unexpected("the server closed the connection".to_owned()));
        }
        let mut input = &*buffer;
        let unreadable = |error: websocket::ProtocolError| Trouble::Unexpected(error.to_string());
        while let Some(event) = self.decoder.decode(Instant::now(), &mut input).map_err(unreadable)? {
            match event {
                websocket::Event::Text(text) => self.texts.push_back(text),
                websocket::Event::Ping(payload) => self.write(Opcode::Pong, &payload).await?,
                websocket::Event::Close(_) => {
                    return Err(Trouble::Unexpected("the server closed the WebSocket".to_owned()));
                }
                websocket::Event::Binary(_) | websocket::Event::Pong(_) => {}
            }
        }
        Ok(())
    }
}

impl Client {
    /// Opens a WebSocket, starts a session, and connects to the default space.
    pub(super) async fn connect(endpoint: &Endpoint, auth: &Value) -> Result<Self, Trouble> {
        let mut socket = Socket::open(endpoint, "EIO=4&transport=websocket").await?;
        let open = socket.next().await?;
        match Packet::from_text(&open) {
            Ok(Packet::Open(_)) => Self::enter(socket, auth).await,
            _ => Err(unexpected(&open)),
        }
    }

    /// Connects to the default space, in a session that is there.
    pub(super) async fn enter(mut socket: Socket, auth: &Value) -> Result<Self, Trouble> {
        socket.send(&socketio::connect(&Namespace::main(), auth.to_string().as_bytes())).await?;
        let mut client = Self { socket, cursor: None };
        let answer = client.next_packet().await?;
        // `4`, the connect error, is nothing that the server's own decoder reads.
        if let Some(refusal) = answer.strip_prefix(b"4") {
            let refusal: Value = serde_json::from_slice(refusal).unwrap_or_default();
            return Err(Trouble::Refused(refusal["message"].as_str().unwrap_or("without a reason").to_owned()));
        }
        match Header::decode(&answer) {
            Ok(Header { kind: Kind::Connect(_), .. }) => Ok(client),
            _ => Err(unexpected(&answer)),
        }
    }

    /// Goes properly, and waits for the server to have seen it, so that it counts no page that is no longer there.
    pub(super) async fn leave(mut self) {
        // It is no loss if this fails: then the server is sure to see the connection end.
        let _ = self.socket.send(b"1").await;
        self.see_the_end().await;
    }

    /// Goes as a client whose network is gone goes: without a word.
    pub(super) async fn lose(mut self) {
        let _ = self.socket.stream.shutdown().await;
        self.see_the_end().await;
    }

    async fn see_the_end(&mut self) {
        let end = async { while self.socket.next().await.is_ok() {} };
        let _ = timeout(LEAVE_TIME_MAX, end).await;
    }

    /// The next event of this name; others pass by, and move the cursor too.
    pub(super) async fn event(&mut self, wanted: &str) -> Result<Value, Trouble> {
        let search = async {
            loop {
                let packet = self.next_packet().await?;
                let Ok(Header { kind: Kind::Event(name, arguments, None), .. }) = Header::decode(&packet) else {
                    continue;
                };
                let text = [b"[", &arguments.as_bytes()[..], b"]"].concat();
                let Ok(Value::Array(arguments)) = serde_json::from_slice(&text) else {
                    return Err(unexpected(&packet));
                };
                if let Some(Value::String(cursor)) = arguments.last() {
                    self.cursor = Some(cursor.clone());
                }
                let first = arguments.into_iter().next().unwrap_or_default();
                match &*name {
                    name if name == wanted => return Ok(first),
                    "refused" => {
                        let reason = first["message"].as_str().unwrap_or("without a reason");
                        return Err(Trouble::Refused(reason.to_owned()));
                    }
                    _ => {}
                }
            }
        };
        timeout(ANSWER_TIME_MAX, search).await.map_err(|_| Trouble::TooSlow)?
    }

    /// The next Socket.IO packet; heartbeats are answered on the way.
    async fn next_packet(&mut self) -> Result<Bytes, Trouble> {
        loop {
            let text = self.socket.next().await?;
            match Packet::from_text(&text) {
                Ok(Packet::Message(Message::Text(packet))) => return Ok(packet),
                Ok(Packet::Ping(_)) => self.socket.send(b"3").await?,
                Ok(Packet::Noop) => {}
                _ => return Err(unexpected(&text)),
            }
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::Unexpected(what) => f.write_str(what),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::TooSlow => write!(f, "nothing came within {} seconds", ANSWER_TIME_MAX.as_secs()),
        }
    }
}

/// What came instead, cut short.
fn unexpected(text: &[u8]) -> Trouble {
    let start: String = String::from_utf8_lossy(text).chars().take(60).collect();
    Trouble::Unexpected(format!("this came instead: {start}"))
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a system that gives no random bytes runs no browser either");
    bytes
}
