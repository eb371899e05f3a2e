//! Whether the ways lead to the server: a WebSocket, long-polling, and from one to the other.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header;
use serde_json::{Value, json};
use wire::engineio::{self, Message, Packet};

use super::{
    endpoint::{Answer, Endpoint, NoAnswer},
    finding::Finding,
    socket::{Client, Socket, Trouble},
};

/// The fix for most of what goes wrong with WebSockets.
const PROXY: &str = "A proxy in between has to pass upgrades on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade \
    $http_upgrade; proxy_set_header Connection \"upgrade\";). Without a WebSocket messages still come, by polling, but later.";

/// The fix for polling.
const POLLING_PROXY: &str = "A proxy in between must pass /socket.io/ on as it is, GET and POST, without caching or \
    buffering, and to the same server each time.";

/// The fix for upgrades of sessions, where new WebSockets are passed on or complained of already.
const UPGRADE_PROXY: &str = "A proxy in between has to pass the upgrade of a session on like any other WebSocket, with its \
    query and everything that follows, and to the same server as its polling. Without it messages still come, by polling, \
    but later.";

/// Does a WebSocket open, and is it let in?
pub(super) async fn websocket(endpoint: &Endpoint) -> Finding {
    match Client::connect(endpoint, &json!({})).await {
        Ok(client) => {
            client.leave().await;
            Finding::ok("a WebSocket opens")
        }
        Err(Trouble::Refused(reason)) => refused(&reason),
        Err(trouble) => Finding::problem(format!("no WebSocket opens: {trouble}"), PROXY),
    }
}

/// Does long-polling work?
pub(super) async fn polling(endpoint: &Endpoint) -> Finding {
    match poll(endpoint).await {
        Ok(()) => Finding::ok("long-polling works"),
        Err(problem) => Finding::problem(format!("long-polling does not work: {problem}"), POLLING_PROXY),
    }
}

/// Does a session that began with polling move to a WebSocket?
pub(super) async fn upgrade(endpoint: &Endpoint) -> Finding {
    match move_up(endpoint).await {
        Ok(()) => Finding::ok("a session moves from polling to a WebSocket"),
        Err(problem) => {
            Finding::problem(format!("a session does not move from polling to a WebSocket: {problem}"), UPGRADE_PROXY)
        }
    }
}

async fn poll(endpoint: &Endpoint) -> Result<(), String> {
    let path = format!("{POLL}&sid={}", open(endpoint).await?);
    send(endpoint, &path, "40{}").await?;
    let packets = packets(&endpoint.get(&path).await)?;
    let is_in =
        packets.iter().any(|packet| matches!(packet, Packet::Message(Message::Text(text)) if text.starts_with(b"0")));
    // The session is not left behind; that nobody hears whether this arrives is all right.
    send(endpoint, &path, "1").await.unwrap_or_default();
    if is_in { Ok(()) } else { Err("the connection to the space is not answered".to_owned()) }
}

async fn move_up(endpoint: &Endpoint) -> Result<(), String> {
    let session = open(endpoint).await?;
    let walk = async {
        let mut socket = Socket::open(endpoint, &format!("EIO=4&transport=websocket&sid={session}")).await?;
        socket.send(b"2probe").await?;
        let answer = socket.next().await?;
        if answer != "3probe" {
            return Err(Trouble::Unexpected("the probe is not answered".to_owned()));
        }
        socket.send(b"5").await?;
        Client::enter(socket, &json!({})).await?.leave().await;
        Ok(())
    };
    walk.await.map_err(|trouble: Trouble| trouble.to_string())
}

const POLL: &str = "/socket.io/?EIO=4&transport=polling";

/// Starts a polling session; its id.
async fn open(endpoint: &Endpoint) -> Result<String, String> {
    match packets(&endpoint.get(POLL).await)?.first() {
        Some(Packet::Open(handshake)) => {
            let handshake: Value = serde_json::from_slice(handshake).unwrap_or_default();
            handshake["sid"].as_str().map(str::to_owned).ok_or_else(|| "the handshake has no session id".to_owned())
        }
        _ => Err("the first packet is no handshake".to_owned()),
    }
}

async fn send(endpoint: &Endpoint, path: &str, packet: &'static str) -> Result<(), String> {
    let request = endpoint.request("POST", path).header(header::CONTENT_TYPE, "text/plain;charset=UTF-8");
    let answer = endpoint.send(request.body(Full::from(packet))).await.map_err(|error| error.to_string())?;
    if answer.status.is_success() { Ok(()) } else { Err(answer.complaint()) }
}

fn packets(answer: &Result<Answer, NoAnswer>) -> Result<Vec<Packet>, String> {
    let answer = answer.as_ref().map_err(ToString::to_string)?;
    if !answer.status.is_success() {
        return Err(answer.complaint());
    }
    let unreadable = |_| "the answer is no Engine.IO payload".to_owned();
    engineio::packets(Bytes::clone(&answer.body)).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}

fn refused(reason: &str) -> Finding {
    Finding::problem(
        format!("a WebSocket opens, but without a token it is not let in: {reason}"),
        "Anonymous sockets are always let in by this version; check that the address is the server's own.",
    )
}
