//! A reader of server-sent events, after the HTML standard: fields, comments, and the id that outlives its event.

use std::{collections::VecDeque, io, net::SocketAddr};

use serde_json::Value;

use super::{Answer, Ask, Http};

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StreamEvent {
    /// An unnamed event: its data and the id with it.
    Update(Value, String),
    /// A named one.
    Named(String, Value),
    /// A comment.
    Comment,
    /// An id alone, which readers remember.
    Id(String),
}

pub(crate) struct Stream {
    http: Http,
    text: Vec<u8>,
    kept: VecDeque<StreamEvent>,
    /// The id of the last event that arrived, handed out or not.
    pub(crate) last_id: String,
}

impl Stream {
    /// Opens a stream, or gives the refusal.
    pub(crate) async fn open(address: SocketAddr, ask: &Ask) -> io::Result<Result<Self, Answer>> {
        let mut http = Http::open(address).await?;
        http.write(&ask.bytes()).await?;
        let head = http.head().await?;
        if head.status != 200 {
            let mut refusal = head;
            let length = refusal.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            while http.unread.len() < length {
                http.read().await?;
            }
            refusal.body = http.unread.split_to(length).to_vec();
            return Ok(Err(refusal));
        }
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("cache-control"), Some("no-store"));
        Ok(Ok(Self { http, text: Vec::new(), kept: VecDeque::new(), last_id: String::new() }))
    }

    /// The next thing it says. An error at its end.
    pub(crate) async fn next(&mut self) -> io::Result<StreamEvent> {
        loop {
            if let Some(event) = self.kept.pop_front() {
                return Ok(event);
            }
            match self.http.chunk().await? {
                Some(chunk) => self.take(&chunk),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The next update; comments and bare ids may come before it.
    pub(crate) async fn update(&mut self) -> io::Result<(Value, String)> {
        loop {
            match self.next().await? {
                StreamEvent::Update(data, id) => return Ok((data, id)),
                StreamEvent::Named(name, data) => panic!("an update was expected, not {name} {data}"),
                StreamEvent::Comment | StreamEvent::Id(_) => {}
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.text.extend_from_slice(chunk);
        while let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            let block = String::from_utf8(block).expect("a stream is UTF-8");
            self.block(&block);
        }
    }

    fn block(&mut self, block: &str) {
        let (mut name, mut data, mut id) = (None, None, None);
        for line in block.lines().filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some(("event", value)) => name = Some(value.to_owned()),
                Some(("data", value)) => data = Some(serde_json::from_str(value).expect("data is JSON on one line")),
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("retry", _)) => {}
                _ if line.starts_with(':') => self.kept.push_back(StreamEvent::Comment),
                _ => panic!("not a line of a stream: {line}"),
            }
        }
        if let Some(id) = &id {
            self.last_id.clone_from(id);
        }
        match (name, data) {
            (Some(name), Some(data)) => self.kept.push_back(StreamEvent::Named(name, data)),
            (None, Some(data)) => self.kept.push_back(StreamEvent::Update(data, self.last_id.clone())),
            (_, None) => self.kept.extend(id.map(StreamEvent::Id)),
        }
    }
}
