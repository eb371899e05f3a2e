//! A real listener on port 0 with the board behind it, and raw clients: a TCP connection that speaks HTTP by hand, and a
//! WebSocket whose frames are written by hand. Whatever is waited for must come within [`PATIENCE`].

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use server::engine::{CloseReason, Config, Engine};
use server::listen::{self, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower::service_fn;
use wire::engineio;
use wire::socketio;
use wire::websocket::{Decoder, Event, FrameHeader, Opcode, Role, mask};

use crate::board::{Board, Chunk};

/// Longest wait for anything: much longer than all timeouts under test, so that only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The figures that a test may change. Timeouts are those of production unless the test is about them.
pub(crate) struct Figures {
    pub(crate) engine: Config,
    pub(crate) socketio: socketio::Config,
    pub(crate) listen: listen::Config,
}

impl Default for Figures {
    fn default() -> Self {
        let engine = Config::default();
        let socketio = socketio::Config {
            connect_timeout: Duration::from_secs(10),
            attachments_timeout: Duration::from_secs(10),
            packet_bytes_max: engine.session.max_payload_bytes,
        };
        Self { engine, socketio, listen: listen::Config::default() }
    }
}

impl Figures {
    /// A heartbeat that a test can wait for.
    pub(crate) fn quick_heartbeat() -> Self {
        let mut figures = Self::default();
        figures.engine.session.ping_interval = Duration::from_millis(300);
        figures.engine.session.ping_timeout = Duration::from_millis(200);
        figures
    }

    pub(crate) fn max_payload_bytes(bytes: usize) -> Self {
        let mut figures = Self::default();
        figures.engine.session.max_payload_bytes = bytes;
        figures.socketio.packet_bytes_max = bytes;
        figures
    }
}

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) engine: Arc<Engine<Board>>,
    closed: Mutex<UnboundedReceiver<CloseReason>>,
    pub(crate) server: Server,
}

impl Site {
    pub(crate) fn start(figures: Figures) -> Self {
        let (sender, receiver) = unbounded_channel();
        let board = Board {
            socketio: figures.socketio,
            closed: sender,
            chunks: RwLock::default(),
            meanwhile: Mutex::default(),
        };
        let engine = Engine::new(figures.engine, board);
        let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let serving = Arc::clone(&engine);
        let service = service_fn(move |request| {
            let engine = Arc::clone(&serving);
            async move { Ok::<_, Infallible>(engine.serve(request).await) }
        });
        let server = Server::start([listener], service, figures.listen);
        Self { address, engine, closed: Mutex::new(receiver), server }
    }

    /// The reason with which the next session ended.
    pub(crate) async fn next_closed(&self) -> CloseReason {
        let closed = std::future::poll_fn(|context| self.closed.lock().poll_recv(context));
        patient(closed).await.expect("the board keeps its sender")
    }

    /// Posts to the board and serves every link, as the real fan-out does.
    pub(crate) fn publish(&self, messages: &[String]) {
        self.engine.application().chunks.write().push(Chunk::encode(messages));
        for link in self.engine.links() {
            link.serve();
        }
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// A request on a connection of its own.
    pub(crate) async fn get(&self, query: &str) -> Answer {
        self.connect().await.get(query).await
    }

    pub(crate) async fn post(&self, sid: &str, body: &str) -> Answer {
        self.connect().await.post(sid, body.as_bytes()).await
    }

    pub(crate) async fn poll(&self, sid: &str) -> Answer {
        self.get(&polling(sid)).await
    }

    /// A polling session; its id.
    pub(crate) async fn open_polling(&self) -> String {
        sid_of(&self.get("EIO=4&transport=polling").await.text())
    }

    /// A polling session that is in `/`, its CONNECT answered.
    pub(crate) async fn connected_polling(&self) -> String {
        let sid = self.open_polling().await;
        assert_eq!(self.post(&sid, "40").await.status, 200);
        assert!(self.poll(&sid).await.text().starts_with("40"));
        sid
    }

    pub(crate) async fn open_socket(&self) -> Socket {
        let mut socket = self.socket("EIO=4&transport=websocket").await;
        assert!(socket.text().await.starts_with("0{"));
        socket
    }

    /// A WebSocket that is in `/`, its CONNECT answered.
    pub(crate) async fn connected_socket(&self) -> Socket {
        let mut socket = self.open_socket().await;
        socket.send("40").await;
        assert!(socket.text().await.starts_with("40"));
        assert!(socket.text().await.starts_with(r#"42["auth""#));
        socket
    }

    /// A WebSocket just after its opening handshake.
    pub(crate) async fn socket(&self, query: &str) -> Socket {
        let mut connection = self.connect().await;
        connection.send(upgrade_request(query).as_bytes()).await;
        assert_eq!(connection.head().await.status, 101);
        Socket { connection, decoder: Decoder::new(Role::Client, usize::MAX) }
    }
}

pub(crate) fn upgrade_request(query: &str) -> String {
    format!(
        "GET /?{query} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

pub(crate) fn polling(sid: &str) -> String {
    format!("EIO=4&transport=polling&sid={sid}")
}

pub(crate) fn sid_of(open: &str) -> String {
    let (_, rest) = open.split_once(r#""sid":""#).expect("a handshake has a sid");
    rest.split_once('"').expect("a string ends").0.to_owned()
}

/// Waits for what must come.
#[track_caller]
pub(crate) fn patient<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(value) => value,
            Err(_) => panic!("waited in vain at {place}"),
        }
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("an answer is UTF-8")
    }
}

/// A raw TCP connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
    /// What goes out while answers are read.
    late: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = patient(TcpStream::connect(address)).await.expect("the server listens");
        stream.set_nodelay(true).expect("a fresh socket takes options");
        Self { stream, unread: Vec::new(), late: Vec::new() }
    }

    pub(crate) async fn get(&mut self, query: &str) -> Answer {
        self.send(format!("GET /?{query} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await;
        self.answer().await
    }

    pub(crate) async fn post(&mut self, sid: &str, body: &[u8]) -> Answer {
        let head = format!("POST /?{} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", polling(sid), body.len());
        self.send(&[head.as_bytes(), body].concat()).await;
        self.answer().await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        patient(self.stream.write_all(bytes)).await.expect("the connection is open");
    }

    /// Sends what the server may refuse to read to its end.
    pub(crate) async fn send_as_far_as_taken(&mut self, bytes: &[u8]) {
        let _ = patient(self.stream.write_all(bytes)).await;
    }

    /// Reads more. `false`: the connection has ended, in whatever way.
    pub(crate) async fn read(&mut self) -> bool {
        if let Ok(written) = self.stream.try_write(&self.late) {
            self.late.drain(..written);
        }
        let mut buffer = vec![0; 64 * 1024];
        let read = patient(self.stream.read(&mut buffer)).await.unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// The head of an answer.
    pub(crate) async fn head(&mut self) -> Answer {
        loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                let head = String::from_utf8(head).expect("a head is text").to_ascii_lowercase();
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
                return Answer { status, head, body: Vec::new() };
            }
            assert!(self.read().await, "the connection ended before an answer");
        }
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length = answer.head.split("content-length: ").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().and_then(|length| length.parse().ok()).expect("a length is a number")
        });
        while self.unread.len() < length {
            assert!(self.read().await, "the connection ended inside an answer");
        }
        answer.body = self.unread.drain(..length).collect();
        answer
    }

    /// Waits until the server has ended the connection.
    pub(crate) async fn ended(&mut self) {
        while self.read().await {}
    }
}

/// A raw WebSocket.
pub(crate) struct Socket {
    pub(crate) connection: Connection,
    decoder: Decoder,
}

impl Socket {
    pub(crate) async fn send(&mut self, text: &str) {
        self.connection.send(&frame(Opcode::Text, true, text.as_bytes())).await;
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.connection.send(&frame(Opcode::Binary, true, bytes)).await;
    }

    /// Sends bytes as there is room, while events are read.
    pub(crate) fn send_late(&mut self, bytes: Vec<u8>) {
        self.connection.late = bytes;
    }

    /// The next frame; `None` once the server has ended the connection.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let mut input = &self.connection.unread[..];
            let event = self.decoder.decode(std::time::Instant::now(), &mut input).expect("a server keeps the rules");
            let taken = self.connection.unread.len() - input.len();
            self.connection.unread.drain(..taken);
            if event.is_some() {
                return event;
            }
            if !self.connection.read().await {
                return None;
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.event().await {
            Some(Event::Text(text)) => String::from_utf8(text.to_vec()).expect("the decoder has checked it"),
            other => panic!("text was expected, not {other:?}"),
        }
    }

    pub(crate) async fn binary(&mut self) -> Bytes {
        match self.event().await {
            Some(Event::Binary(bytes)) => bytes,
            other => panic!("bytes were expected, not {other:?}"),
        }
    }

    /// Waits for the end of the connection and gives the code that the server closed with, if any.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(event) = self.event().await {
            if let Event::Close(Some(sent)) = event {
                code = Some(sent.number());
            }
        }
        code
    }

    /// A question and its answer: the session works.
    pub(crate) async fn exchange(&mut self) {
        self.send(r#"427["message-with-ack","still here"]"#).await;
        loop {
            let text = self.text().await;
            if text == "2" {
                self.send("3").await;
            } else {
                return assert_eq!(text, r#"437["still here"]"#);
            }
        }
    }
}

/// A client's frame.
pub(crate) fn frame(opcode: Opcode, last: bool, payload: &[u8]) -> Vec<u8> {
    let mut masked = payload.to_vec();
    mask(&mut masked, KEY, 0);
    [FrameHeader::encode(opcode, last, payload.len(), Some(KEY)).as_bytes(), &masked].concat()
}

/// The packets of a poll's answer.
pub(crate) fn texts(answer: &Answer) -> Vec<String> {
    engineio::packets(answer.body.clone().into())
        .expect("an answer is UTF-8")
        .map(|packet| match packet {
            Ok(engineio::Packet::Message(engineio::Message::Text(text))) => {
                String::from_utf8(text.to_vec()).expect("a payload is UTF-8")
            }
            other => panic!("a text message was expected, not {other:?}"),
        })
        .collect()
}
