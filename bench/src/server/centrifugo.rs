//! How Centrifugo is started for a run: on its memory engine, open to everybody on this machine, with more room for followers
//! that lag.

use std::{fs, net::SocketAddrV4, path::Path, process::Command};

use serde_json::json;

/// What one follower may have waiting, in bytes. Ten times the default: a backlog shall show as latency, not as closed sockets.
const QUEUE_BYTES: usize = 10 * 1024 * 1024;

/// The command that serves from `folder`.
pub(super) fn command(program: &Path, folder: &Path, address: SocketAddrV4) -> anyhow::Result<Command> {
    let settings = json!({
        "http_server": { "address": address.ip().to_string(), "port": address.port().to_string() },
        "client": { "allow_anonymous_connect_without_token": true, "queue_max_size": QUEUE_BYTES },
        "channel": { "without_namespace": { "allow_subscribe_for_client": true, "allow_subscribe_for_anonymous": true } },
        "http_api": { "insecure": true },
        "health": { "enabled": true },
        "log": { "level": "error" },
    });
    let file = folder.join("centrifugo.json");
    fs::write(&file, settings.to_string())?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&file);
    Ok(command)
}
