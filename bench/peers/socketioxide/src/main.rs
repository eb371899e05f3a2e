//! socketioxide on axum, answering the contract that the benchmarks speak: pushes come by HTTP or as an event, and go to
//! every socket. Nothing is stored. `socketioxide-peer PORT`; started by the load generator.

use std::{
    net::Ipv4Addr,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::{
    SocketIo, TransportType,
    extract::{AckSender, Data, SocketRef},
};
use tokio::net::TcpListener;

/// Packets that may wait for one socket. The default of 128 loses messages in bursts; this is more than a run has under way.
const WAITING_PACKETS_MAX: usize = 65_536;

/// The largest push, in bytes: what Tidings takes by default.
const PAYLOAD_BYTES_MAX: u64 = 1_000_000;

#[derive(Deserialize)]
struct Push {
    r#type: String,
    action: String,
    #[serde(default)]
    data: Value,
}

#[derive(Serialize)]
struct Update {
    r#type: String,
    action: String,
    data: Value,
    timestamp: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("usage: socketioxide-peer PORT");
    let (layer, io) = SocketIo::builder()
        .max_buffer_size(WAITING_PACKETS_MAX)
        .max_payload(PAYLOAD_BYTES_MAX)
        .transports([TransportType::Websocket])
        .build_layer();
    io.ns("/", async |socket: SocketRef| socket.on("push", push_event));
    let app = Router::new()
        .route("/api/health", get(async || Json(json!({"status": "ok"}))))
        .route("/api/sync/push", post(push_request))
        .layer(layer)
        .with_state(io);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    axum::serve(axum::serve::ListenerExt::tap_io(listener, no_delay), app).await
}

/// As Node and Tidings do: answers are not held back for more.
fn no_delay(stream: &mut tokio::net::TcpStream) {
    stream.set_nodelay(true).expect("the option is known for TCP");
}

async fn push_event(io: SocketIo, Data(push): Data<Push>, ack: AckSender) {
    relay(&io, push).await;
    // Who has gone needs no answer.
    ack.send(&json!({"success": true})).ok();
}

async fn push_request(State(io): State<SocketIo>, Json(push): Json<Push>) -> Json<Value> {
    relay(&io, push).await;
    Json(json!({"success": true}))
}

async fn relay(io: &SocketIo, push: Push) {
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let Push { r#type, action, data } = push;
    // An error names the sockets that are going away or too slow; the load counts what they miss.
    io.emit("sync_update", &Update { r#type, action, data, timestamp }).await.ok();
}
