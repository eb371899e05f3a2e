//! Bad input that is begun and not finished: what is sent, and then kept open for as long as the server allows.

use std::{io, net::SocketAddr};

use wire::websocket::{FrameHeader, Opcode};

use crate::{
    brief::{connected, in_fragments, polling_session},
    rig::{Http, Socket, frame, token},
};

/// One input that is held open.
pub(crate) enum Held {
    /// A connection, and what it says.
    Connection(Vec<u8>),
    /// A WebSocket that has not connected to a space.
    Opened,
    /// A polling session that has not, and has no connection either.
    Polling,
    /// A socket that is in, and what it sends then.
    Connected(Vec<u8>),
}

/// What has to live for the input to stay open.
#[expect(dead_code, reason = "they are kept, not read")]
pub(crate) enum Kept {
    Http(Http),
    Socket(Box<Socket>),
    Nothing,
}

impl Held {
    /// Begins one.
    pub(crate) async fn begin(&self, address: SocketAddr) -> io::Result<Kept> {
        match self {
            Self::Connection(bytes) => {
                let mut http = Http::open(address).await?;
                http.write(bytes).await?;
                Ok(Kept::Http(http))
            }
            Self::Opened => Ok(Kept::Socket(Box::new(Socket::open(address).await?))),
            Self::Polling => polling_session(address).await.map(|_| Kept::Nothing),
            Self::Connected(bytes) => {
                let mut socket = connected(address).await?;
                socket.raw(bytes).await?;
                Ok(Kept::Socket(Box::new(socket)))
            }
        }
    }

    /// How many bytes of a message it makes the server keep.
    pub(crate) fn sent_bytes(&self) -> usize {
        match self {
            Self::Connection(bytes) | Self::Connected(bytes) => bytes.len(),
            Self::Opened | Self::Polling => 0,
        }
    }
}

/// The inputs of the section "Bad input" of docs/checklist.md that are held open, in its order.
pub(crate) fn bad() -> Vec<(&'static str, Held)> {
    let part = vec![b'x'; 200_000];
    let head = FrameHeader::client(Opcode::Text, 900_000, [0; 4]).as_bytes().to_vec();
    let push = format!(
        "POST /api/sync/push HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n",
        token("ann", "member")
    );
    let attachments = frame(Opcode::Text, br#"451-["push",{"_placeholder":true,"num":0}]"#);
    vec![
        ("(a socket that is in and idle: nothing bad)", Held::Connected(Vec::new())),
        ("attachments never completed", Held::Connected(attachments)),
        ("CONNECT never sent, by WebSocket", Held::Opened),
        ("CONNECT never sent, by polling", Held::Polling),
        ("a connection that says nothing", Held::Connection(Vec::new())),
        ("slow headers", Held::Connection(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_vec())),
        ("a slow body, nothing of it yet", Held::Connection(push.clone().into_bytes())),
        ("a slow body, 200 kB of it", Held::Connection([push.as_bytes(), &part].concat())),
        ("a slow frame, 200 kB of it", Held::Connected([head, part.clone()].concat())),
        ("fragments without end, 1 000 of a byte", Held::Connected(in_fragments(&part[..1_000], 1_000))),
        ("fragments without end, 20 of 10 kB", Held::Connected(in_fragments(&part, 20))),
    ]
}
