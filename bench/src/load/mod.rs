//! The load: followers on one thread, pushers on another, so that neither makes the other late. Whoever runs a scenario
//! gives them orders and reads their counters.

mod answer;
mod asker;
mod dial;
#[cfg(test)]
mod faulty_server;
mod followers;
mod greeting;
mod handle;
mod link;
mod pace;
mod progress;
mod pushers;
mod template;

pub(crate) use asker::{Ask, Asking};
pub(crate) use followers::{Followers, Plan};
pub(crate) use handle::{Crowd, spawn_followers};
pub(crate) use link::Way;
pub(crate) use pace::Pace;
pub(crate) use progress::Progress;
pub(crate) use pushers::{PushPlan, PushReport, Pushing, spawn_pushers};

use std::net::SocketAddrV4;

use crate::dialect::Dialect;

/// Where the load goes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddrV4,
    /// Who pushes, in a server that asks.
    pub(crate) token: Option<String>,
    pub(crate) dialect: Dialect,
}

impl Target {
    /// The CONNECT packet of a socket with those members of `auth`, given as the inside of a JSON object.
    pub(crate) fn connect_packet(&self, members: &str) -> Vec<u8> {
        let token =
            self.token.as_deref().filter(|_| self.dialect.follows()).map(|token| format!("\"token\":\"{token}\""));
        let members = Some(members.to_owned()).filter(|members| !members.is_empty() && self.dialect.follows());
        let auth: Vec<String> = token.into_iter().chain(members).collect();
        if auth.is_empty() { b"40".to_vec() } else { format!("40{{{}}}", auth.join(",")).into_bytes() }
    }

    /// The request that opens a WebSocket.
    pub(crate) fn upgrade_request(&self) -> Vec<u8> {
        let (address, path) = (self.address, self.dialect.socket_path());
        format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .into_bytes()
    }
}
