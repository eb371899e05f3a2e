//! Bad input that is answered or cut off at once, as data: what is sent, and what must come of it.

use std::{io, net::SocketAddr};

use serde_json::{Value, json};
use wire::websocket::{FrameHeader, Opcode};

use crate::rig::{Ask, Http, Packet, SECRET, Socket, claims_token, frame, token};

/// One input, on a connection of its own.
#[derive(Clone)]
pub(crate) enum Brief {
    /// A request, and the status of its answer.
    Request(Ask, u16),
    /// What a socket sends after CONNECT, and is closed for.
    Ends(Vec<u8>),
    /// A message that a socket may send and go on.
    Borne(String),
    /// A CONNECT that is refused.
    Knock(Value),
    /// What a polling session posts, and the status that ends it.
    Post(&'static str, u16),
    /// So many bytes that a polling session says it will post.
    PostDeclared(usize),
    /// Two polls at once, which end their session.
    TwoPolls,
}

impl Brief {
    /// Sends it once, and sees to it that what must come of it does.
    pub(crate) async fn send(&self, address: SocketAddr) -> io::Result<()> {
        match self {
            Self::Request(ask, status) => {
                let answer = Http::open(address).await?.ask(ask).await?;
                assert_eq!(answer.status, *status, "{:.300}", answer.text());
            }
            Self::Ends(bytes) => {
                let mut socket = connected(address).await?;
                // The server may close while we still write.
                let _ = socket.raw(bytes).await;
                assert!(socket.next().await.is_err(), "the socket is closed");
            }
            Self::Borne(text) => {
                let mut socket = connected(address).await?;
                socket.send(text).await?;
                assert_eq!(socket.ask("no-such-event", &json!(1)).await?["code"], json!("unknown_event"));
            }
            Self::Knock(auth) => {
                let (_, answer) = Socket::knock(address, "default", auth).await?;
                assert!(matches!(answer, Packet::Refused(_)), "{answer:?}");
            }
            Self::Post(body, status) => {
                let (mut http, path) = polling_session(address).await?;
                let answer = http.ask(&Ask::new("POST", &path).body(*body)).await?;
                assert_eq!(answer.status, *status, "{}", answer.text());
                session_is_over(address, &path).await?;
            }
            Self::PostDeclared(bytes) => {
                let (mut http, path) = polling_session(address).await?;
                let answer = http.ask(&Ask::new("POST", &path).header("Content-Length", &bytes.to_string())).await?;
                assert_eq!(answer.status, 413, "{}", answer.text());
                session_is_over(address, &path).await?;
            }
            Self::TwoPolls => {
                let (mut one, path) = polling_session(address).await?;
                let mut two = Http::open(address).await?;
                one.write(&Ask::get(&path).bytes()).await?;
                two.write(&Ask::get(&path).bytes()).await?;
                let statuses = [one.answer().await?.status, two.answer().await?.status];
                assert!(statuses.contains(&400), "{statuses:?}");
                session_is_over(address, &path).await?;
            }
        }
        Ok(())
    }
}

async fn session_is_over(address: SocketAddr, path: &str) -> io::Result<()> {
    assert_eq!(Http::open(address).await?.ask(&Ask::get(path)).await?.status, 400, "the session is over");
    Ok(())
}

/// A socket that is in and follows nothing.
pub(crate) async fn connected(address: SocketAddr) -> io::Result<Socket> {
    let auth = json!({ "token": token("ann", "member"), "topics": [] });
    Ok(Socket::enter(address, "default", &auth).await?.0)
}

/// A polling session that has not connected, the connection it was opened on, and its path.
pub(crate) async fn polling_session(address: SocketAddr) -> io::Result<(Http, String)> {
    let mut http = Http::open(address).await?;
    let answer = http.ask(&Ask::get("/socket.io/?EIO=4&transport=polling")).await?;
    let open: Value = serde_json::from_str(answer.text().trim_start_matches('0')).map_err(io::Error::other)?;
    let sid = open["sid"].as_str().ok_or_else(|| io::Error::other("a handshake without sid"))?;
    Ok((http, format!("/socket.io/?EIO=4&transport=polling&sid={sid}")))
}

/// For comparison: what is nothing to complain of.
pub(crate) fn good() -> Vec<(&'static str, Brief)> {
    vec![
        ("(a push that was made before: nothing bad)", push(r#"{"id":1}"#, 200)),
        ("(a socket that comes and goes: nothing bad)", Brief::Borne("3".to_owned())),
    ]
}

/// The inputs of the section "Bad input" of docs/checklist.md that are over at once, in its order.
pub(crate) fn bad() -> Vec<(&'static str, Brief)> {
    let large = "x".repeat(1_000_001);
    let deep = |depth: usize| format!(r#"{{"id":1,"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let id = "x".repeat(129);
    [payloads(&large), json_texts(&deep(400_000)), sessions(), pushes(&id), identities()].concat()
}

fn payloads(large: &str) -> Vec<(&'static str, Brief)> {
    let declared = |length: &str| Ask::new("POST", "/api/sync/push").header("Content-Length", length);
    let json = |ask: Ask| ask.header("Content-Type", "application/json").token(&token("ann", "member"));
    let header = |length| FrameHeader::client(Opcode::Text, length, [0; 4]).as_bytes().to_vec();
    vec![
        ("a push of more than 1 MB", push(&format!(r#"{{"id":1,"text":"{large}"}}"#), 413)),
        ("a frame of more than 1 MB", Brief::Ends(header(1_000_001))),
        ("1 MB and more in two fragments", Brief::Ends(in_fragments(large.as_bytes(), 2))),
        ("a poll's post of more than 1 MB", Brief::PostDeclared(1_000_001)),
        ("a declared body of 2^63 - 1", Brief::Request(json(declared("9223372036854775807")), 413)),
        ("a declared frame of 2^63", Brief::Ends(header(1 << 63))),
        ("1 100 fragments", Brief::Ends(in_fragments(&[b'x'; 1_100], 1_100))),
    ]
}

fn json_texts(deep: &str) -> Vec<(&'static str, Brief)> {
    let not_utf8 = [br#"{"type":"t","action":"add","data":{"id":""#, &b"\xed\xa0\x80"[..], br#""}}"#].concat();
    vec![
        ("JSON of 400 000 levels", push(deep, 400)),
        ("duplicate keys", push(r#"{"id":1,"a":1,"\u0061":2}"#, 400)),
        ("`__proto__`", push(r#"{"id":1,"__proto__":{"admin":true}}"#, 400)),
        ("a lone surrogate", push(r#"{"id":"\ud800"}"#, 400)),
        ("invalid UTF-8 over HTTP", push_bytes(not_utf8.clone(), 400)),
        ("invalid UTF-8 on a socket", Brief::Ends(frame(Opcode::Text, &[b"42", &not_utf8[..]].concat()))),
    ]
}

fn sessions() -> Vec<(&'static str, Brief)> {
    let text = |packet: &str| Brief::Ends(frame(Opcode::Text, packet.as_bytes()));
    let broken = [
        frame(Opcode::Text, br#"451-["push",{"_placeholder":true,"num":0}]"#),
        frame(Opcode::Text, br#"42["push",{}]"#),
    ];
    let unknown = |sid: &str| Ask::get(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
    vec![
        ("an unknown Engine.IO packet", text("9")),
        ("an unknown Socket.IO packet", text("49")),
        ("an unknown packet in a poll's post", Brief::Post("9", 400)),
        ("`5-`", text("45-")),
        ("`51-` without attachments", text(r#"451-["push"]"#)),
        ("text in place of an attachment", Brief::Ends(broken.concat())),
        ("a second poll", Brief::TwoPolls),
        ("an unknown session id", Brief::Request(unknown("AAAAAAAAAAAAAAAAAAAAAA"), 400)),
        ("the session id `__proto__`", Brief::Request(unknown("__proto__"), 400)),
        ("a repeated CONNECT", Brief::Borne("40".to_owned())),
        ("an undeclared namespace", Brief::Borne("40/nowhere,".to_owned())),
    ]
}

fn pushes(id: &str) -> Vec<(&'static str, Brief)> {
    let of = |topic: &str, action: &str, data: &str, status| {
        push_bytes(format!(r#"{{"type":"{topic}","action":"{action}","data":{data}}}"#).into_bytes(), status)
    };
    let others = |topic: &str, action: &str, status| {
        let body = json!({ "type": topic, "action": action, "data": { "id": "hers", "text": "mine" } });
        Brief::Request(Ask::push(&body).token(&token("bob", "member")), status)
    };
    vec![
        ("a wrong action", of("t", "replace", r#"{"id":1}"#, 400)),
        ("no id", of("t", "add", "{}", 400)),
        ("an id of the wrong type", of("t", "add", r#"{"id":{}}"#, 400)),
        ("an id that is too long", of("t", "add", &format!(r#"{{"id":"{id}"}}"#), 400)),
        ("a topic name out of bounds", of("/a b", "add", r#"{"id":1}"#, 400)),
        ("an `add` of somebody else's id", others("notes", "add", 409)),
        ("a change of somebody else's item", others("notes", "update", 403)),
    ]
}

fn identities() -> Vec<(&'static str, Brief)> {
    let forged = claims_token(&json!({ "sub": "ann", "role": "admin" }), "another secret of more than 32 bytes");
    let expired = claims_token(&json!({ "sub": "ann", "exp": 1_000_000_000 }), SECRET);
    // {"alg":"none","typ":"JWT"} and {"sub":"ann","role":"admin"}
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm4iLCJyb2xlIjoiYWRtaW4ifQ.";
    let data = || Ask::get("/api/sync/data");
    let polling = || Ask::get("/socket.io/?EIO=4&transport=polling");
    let foreign = |ask: Ask| Brief::Request(ask.header("Origin", "https://evil.example"), 403);
    let elsewhere = |ask: Ask| Brief::Request(ask.host(Some("evil.example")), 403);
    vec![
        ("a forged token over HTTP", Brief::Request(data().token(&forged), 401)),
        ("an expired token over HTTP", Brief::Request(data().token(&expired), 401)),
        ("an `alg: none` token over HTTP", Brief::Request(data().token(unsigned), 401)),
        ("a forged token on a socket", Brief::Knock(json!({ "token": forged }))),
        ("an expired token on a socket", Brief::Knock(json!({ "token": expired }))),
        ("an `alg: none` token on a socket", Brief::Knock(json!({ "token": unsigned }))),
        ("a foreign Host over HTTP", elsewhere(data())),
        ("a foreign Host by polling", elsewhere(polling())),
        ("a foreign Host by WebSocket", elsewhere(Socket::request())),
        ("a foreign Origin over HTTP", foreign(data())),
        ("a foreign Origin by polling", foreign(polling())),
        ("a foreign Origin by WebSocket", foreign(Socket::request())),
    ]
}

/// An `add` by HTTP with this data, and the status of its answer.
fn push(data: &str, status: u16) -> Brief {
    push_bytes(format!(r#"{{"type":"t","action":"add","data":{data}}}"#).into_bytes(), status)
}

fn push_bytes(body: Vec<u8>, status: u16) -> Brief {
    let ask = Ask::new("POST", "/api/sync/push").header("Content-Type", "application/json").body(body);
    Brief::Request(ask.token(&token("ann", "member")), status)
}

/// The frames of a message that has so many of them and does not end.
pub(crate) fn in_fragments(payload: &[u8], count: usize) -> Vec<u8> {
    let mut opcode = Opcode::Text;
    let fragments = payload.chunks(payload.len().div_ceil(count)).map(|part| {
        let mut bytes = frame(std::mem::replace(&mut opcode, Opcode::Continuation), part);
        // Not the last one.
        bytes[0] &= 0x7f;
        bytes
    });
    fragments.collect::<Vec<_>>().concat()
}
