//! A push to one topic as bytes that are made once; sending one writes its stamp over them.

use super::{Target, Way};
use crate::check::{STAMP_BYTES, Stamp, topic_name, write_digits};

/// Acknowledgement ids have ten digits, so that they can be written over each other.
pub(crate) const FIRST_ACK: u64 = 1_000_000_000;

const ACK_DIGITS: usize = 10;

/// What all pushes of a run have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// `data` as JSON, in bytes.
    pub(crate) data_bytes: usize,
    /// Whether each push has an idempotency key.
    pub(crate) keyed: bool,
}

/// A push to one topic.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    stamps: Vec<usize>,
    ack: Option<usize>,
}

impl Template {
    pub(crate) fn new(target: &Target, way: Way, topic: usize, shape: Shape) -> Self {
        let push = push(topic, shape);
        let (bytes, ack) = match way {
            Way::Socket => (format!("42{FIRST_ACK}[\"push\",{push}]"), Some(2)),
            Way::Http => (request(target, &push), None),
        };
        let bytes = bytes.into_bytes();
        let stamps = memchr::memmem::find_iter(&bytes, STAMP_HERE).collect();
        Self { bytes, stamps, ack }
    }

    /// The push with that stamp and, on a socket, that acknowledgement id.
    pub(crate) fn fill(&mut self, stamp: Stamp, ack: u64) -> &[u8] {
        for at in &self.stamps {
            stamp.write(&mut self.bytes[*at..at + STAMP_BYTES]);
        }
        if let Some(at) = self.ack {
            write_digits(&mut self.bytes[at..at + ACK_DIGITS], ack);
        }
        &self.bytes
    }
}

/// Holds the place of a stamp; nothing else in a push looks like it.
const STAMP_HERE: &[u8; STAMP_BYTES] = b"b######-#########-###############";

fn push(topic: usize, shape: Shape) -> String {
    let stamp = str::from_utf8(STAMP_HERE).expect("it is ASCII");
    let key = if shape.keyed { format!(",\"key\":\"{stamp}\"") } else { String::new() };
    format!("{{\"type\":\"{}\",\"action\":\"add\",\"data\":{}{key}}}", topic_name(topic), data(stamp, shape.data_bytes))
}

/// A chat message of that many bytes.
fn data(stamp: &str, bytes: usize) -> String {
    let around = format!("{{\"id\":\"{stamp}\",\"userId\":\"u-1017\",\"userName\":\"Ann Example\",\"content\":\"\"}}");
    let words = "the quick brown fox jumps over the lazy dog ".chars().cycle();
    let content: String = words.take(bytes.saturating_sub(around.len())).collect();
    format!("{}{content}\"}}", around.strip_suffix("\"}").expect("it ends so"))
}

fn request(target: &Target, push: &str) -> String {
    let authorization = target.token.as_deref().map(|token| format!("Authorization: Bearer {token}\r\n"));
    let body = target.dialect.push_body(push);
    format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{body}",
        target.dialect.push_path(),
        target.address,
        authorization.unwrap_or_default(),
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn a_push_carries_its_stamp_and_has_the_size_that_was_asked_for() {
        let target = Target {
            address: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1),
            token: Some("t".into()),
            dialect: Dialect::Tidings,
        };
        let stamp = Stamp { lane: 7, number: 8, due_ns: 9 };
        for way in [Way::Http, Way::Socket] {
            let mut template = Template::new(&target, way, 3, Shape { data_bytes: 200, keyed: true });
            let bytes = template.fill(stamp, FIRST_ACK + 5).to_vec();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert_eq!(Stamp::find(&bytes), Some(stamp));
            assert_eq!(text.matches("b000007-000000008-000000000000009").count(), 2);
            let json = match way {
                Way::Http => text.split("\r\n\r\n").nth(1).unwrap().to_owned(),
                Way::Socket => {
                    text.strip_prefix("421000000005[\"push\",").unwrap().strip_suffix(']').unwrap().to_owned()
                }
            };
            let push: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!((push["type"].as_str(), push["data"].to_string().len()), (Some("bench/0003"), 200));
            if way == Way::Http {
                assert!(text.contains(&format!("Content-Length: {}\r\n", json.len())));
                assert!(text.contains("Authorization: Bearer t\r\n"));
            }
        }
    }
}
