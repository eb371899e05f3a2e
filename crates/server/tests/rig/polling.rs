//! A Socket.IO client over long-polling: one connection polls, another posts.

use std::{collections::VecDeque, io, net::SocketAddr};

use serde_json::Value;

use super::{Ask, Http, Packet};

pub(crate) struct Poller {
    polls: Http,
    posts: Http,
    path: String,
    kept: VecDeque<Packet>,
    is_polling: bool,
}

impl Poller {
    /// A session whose CONNECT to the space `default` was sent.
    pub(crate) async fn knock(address: SocketAddr, auth: &Value) -> io::Result<Self> {
        let (mut polls, posts) = (Http::open(address).await?, Http::open(address).await?);
        let answer = polls.ask(&Ask::get("/socket.io/?EIO=4&transport=polling")).await?;
        if answer.status != 200 {
            return Err(io::Error::other(format!("no session but {}", answer.status)));
        }
        let open: Value = serde_json::from_str(answer.text().trim_start_matches('0')).map_err(io::Error::other)?;
        let sid = open["sid"].as_str().ok_or_else(|| io::Error::other("a handshake without sid"))?;
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let mut poller = Self { polls, posts, path, kept: VecDeque::new(), is_polling: false };
        poller.post(&format!("40{auth}")).await?;
        Ok(poller)
    }

    pub(crate) async fn post(&mut self, packets: &str) -> io::Result<()> {
        let answer = self.posts.ask(&Ask::new("POST", &self.path).body(packets)).await?;
        if answer.status == 200 { Ok(()) } else { Err(io::Error::other(format!("not taken: {}", answer.status))) }
    }

    /// Has a poll open, whose answer is read later.
    pub(crate) async fn poll(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_polling, true) {
            self.polls.write(&Ask::get(&self.path).bytes()).await?;
        }
        Ok(())
    }

    /// The next packet. An error once the session is over.
    pub(crate) async fn next(&mut self) -> io::Result<Packet> {
        loop {
            if let Some(packet) = self.kept.pop_front() {
                return Ok(packet);
            }
            self.poll().await?;
            let answer = self.polls.answer().await?;
            self.is_polling = false;
            if answer.status != 200 {
                return Err(io::Error::other(format!("the session is over: {}", answer.status)));
            }
            for packet in answer.text().split('\u{1e}') {
                match packet.strip_prefix('4') {
                    Some(message) => self.kept.push_back(Packet::read(message)),
                    None if packet == "2" => self.post("3").await?,
                    None if packet == "6" => {}
                    None => return Err(io::Error::other(format!("the session is over: {packet}"))),
                }
            }
        }
    }
}
