//! What a follower says and hears before it follows. Socket.IO: the upgrade, `0{…}`, CONNECT, `40{…}`, and `connected` where
//! the server says that. Centrifugo: the upgrade, `connect`, `subscribe`. Pure: bytes in, bytes to send out.

use memchr::memmem;

use crate::{
    check::{Frame, masked},
    dialect::{CHANNEL, Dialect, Said},
};

/// An HTTP head is shorter, whoever answers.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The answer to the upgrade.
    Upgrade,
    /// Engine.IO's `0{…}`.
    Open,
    /// Socket.IO's `40{…}`.
    Connect,
    /// The event `connected`.
    Welcome,
    /// Centrifugo's answer to `connect`.
    Introduced,
    /// Its answer to `subscribe`.
    Subscribed,
    Done,
}

/// One connection on its way to following.
#[derive(Debug)]
pub(crate) struct Greeting {
    step: Step,
    buffer: Vec<u8>,
    connect: Vec<u8>,
    dialect: Dialect,
}

impl Greeting {
    /// `connect` is Socket.IO's CONNECT packet.
    pub(crate) fn new(dialect: Dialect, connect: Vec<u8>) -> Self {
        Self { step: Step::Upgrade, buffer: Vec::new(), connect, dialect }
    }

    /// Takes what came, appends what is to be sent. When it is done, the bytes behind it are returned.
    ///
    /// # Errors
    /// An answer that is not the expected one.
    pub(crate) fn receive(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> anyhow::Result<Option<Vec<u8>>> {
        self.buffer.extend_from_slice(bytes);
        while self.step != Step::Done {
            let Some(end) = self.next(out)? else { return Ok(None) };
            self.buffer.drain(..end);
        }
        Ok(Some(std::mem::take(&mut self.buffer)))
    }

    /// Deals with the next part, if it is whole; tells where it ends.
    fn next(&mut self, out: &mut Vec<u8>) -> anyhow::Result<Option<usize>> {
        if self.step == Step::Upgrade {
            return self.upgraded(out);
        }
        let Some(frame) = Frame::first(&self.buffer)? else { return Ok(None) };
        let payload = &self.buffer[frame.header_bytes..frame.end];
        let seen = String::from_utf8_lossy(&payload[..payload.len().min(200)]).into_owned();
        self.step = match self.step {
            Step::Open if payload.starts_with(b"0{") => {
                masked(&self.connect, out);
                Step::Connect
            }
            Step::Connect if payload.starts_with(b"40") => {
                if self.dialect == Dialect::Tidings {
                    Step::Welcome
                } else {
                    Step::Done
                }
            }
            Step::Introduced if payload.starts_with(b"{\"id\":1,\"connect\":{") => {
                masked(format!("{{\"id\":2,\"subscribe\":{{\"channel\":\"{CHANNEL}\"}}}}").as_bytes(), out);
                Step::Subscribed
            }
            Step::Subscribed if payload.starts_with(b"{\"id\":2,\"subscribe\":{") => Step::Done,
            Step::Welcome if payload.starts_with(b"42[\"connected\"") => Step::Done,
            _ if self.dialect.said(payload) == Said::Ping => {
                masked(self.dialect.pong(), out);
                self.step
            }
            step => anyhow::bail!("at {step:?} the server says {seen}"),
        };
        Ok(Some(frame.end))
    }

    fn upgraded(&mut self, out: &mut Vec<u8>) -> anyhow::Result<Option<usize>> {
        let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
            anyhow::ensure!(self.buffer.len() <= HEAD_BYTES_MAX, "the answer to the upgrade has no end");
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]);
        anyhow::ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
        self.step = Step::Open;
        if self.dialect == Dialect::Centrifugo {
            masked(b"{\"id\":1,\"connect\":{}}", out);
            self.step = Step::Introduced;
        }
        Ok(Some(end + 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    fn text(payload: &[u8]) -> Vec<u8> {
        [&[0x81, u8::try_from(payload.len()).unwrap()], payload].concat()
    }

    /// A greeting in pieces of every kind, what is to be sent meanwhile, and that what follows it is left.
    fn check(dialect: Dialect, greeting: &[&[u8]], said: &[&[u8]]) {
        let greeting = [HEAD, &greeting.iter().flat_map(|payload| text(payload)).collect::<Vec<_>>()].concat();
        for piece in [1, 5, 1_000] {
            let mut greet = Greeting::new(dialect, b"40".to_vec());
            let mut out = Vec::new();
            let mut rest = None;
            for bytes in greeting.chunks(piece) {
                assert_eq!(rest, None);
                rest = greet.receive(bytes, &mut out).unwrap();
            }
            assert_eq!(rest, Some(Vec::new()), "{dialect:?} in pieces of {piece}");
            let mut expected = Vec::new();
            said.iter().for_each(|payload| masked(payload, &mut expected));
            assert_eq!(out, expected, "{dialect:?}");
        }
        let mut greet = Greeting::new(dialect, b"40".to_vec());
        let rest = greet.receive(&[&greeting[..], b"more"].concat(), &mut Vec::new()).unwrap();
        assert_eq!(rest.as_deref(), Some(&b"more"[..]));
    }

    #[test]
    fn a_greeting_is_understood_however_it_is_cut_and_leaves_what_follows() {
        check(Dialect::Tidings, &[b"0{}", b"2", b"40{}", b"42[\"connected\",{}]"], &[b"40", b"3"]);
        check(Dialect::SocketIo, &[b"0{}", b"2", b"40{}"], &[b"40", b"3"]);
        check(
            Dialect::Centrifugo,
            &[b"{\"id\":1,\"connect\":{}}", b"{}", b"{\"id\":2,\"subscribe\":{}}"],
            &[b"{\"id\":1,\"connect\":{}}", b"{\"id\":2,\"subscribe\":{\"channel\":\"bench\"}}", b"{}"],
        );
    }

    #[test]
    fn a_refusal_is_an_error() {
        for answer in [&b"HTTP/1.1 503 Busy\r\n\r\n"[..], &[HEAD, &text(b"0{}"), &text(b"44{}")].concat()] {
            assert!(Greeting::new(Dialect::Tidings, b"40".to_vec()).receive(answer, &mut Vec::new()).is_err());
        }
        let refused = [HEAD, &text(b"{\"id\":1,\"error\":{\"code\":101}}")].concat();
        assert!(Greeting::new(Dialect::Centrifugo, Vec::new()).receive(&refused, &mut Vec::new()).is_err());
    }
}
