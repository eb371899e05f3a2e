//! The languages that servers speak on their sockets, and what each calls a message, a heartbeat, a push.

use memchr::memchr;

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Socket.IO as Tidings speaks it: with `connected`, topics and cursors.
    Tidings,
    /// Socket.IO without those.
    SocketIo,
    /// Centrifugo's JSON over a WebSocket, and its own call to publish.
    Centrifugo,
}

/// The one channel that everything is published to on Centrifugo.
pub(crate) const CHANNEL: &str = "bench";

/// What a text from the server is to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Message,
    /// To be answered with [`Dialect::pong`].
    Ping,
    /// An event that is no message; `reset` is the one that counts.
    Event {
        reset: bool,
    },
    Nothing,
    Strange,
}

impl Dialect {
    /// Whether a follower says what it follows and where it stands.
    pub(crate) fn follows(self) -> bool {
        self == Self::Tidings
    }

    /// Whether the messages of a topic come to every socket in the same bytes. Centrifugo puts as many messages into a
    /// frame as wait for that socket.
    pub(crate) fn frames_alike(self) -> bool {
        self != Self::Centrifugo
    }

    /// Whether its HTTP server ends the connection when an answer takes it more than ten seconds.
    pub(crate) fn gives_up_answers(self) -> bool {
        self == Self::Centrifugo
    }

    /// Where WebSockets are opened.
    pub(crate) fn socket_path(self) -> &'static str {
        match self {
            Self::Tidings | Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            Self::Centrifugo => "/connection/websocket",
        }
    }

    /// Where pushes go.
    pub(crate) fn push_path(self) -> &'static str {
        match self {
            Self::Tidings | Self::SocketIo => "/api/sync/push",
            Self::Centrifugo => "/api/publish",
        }
    }

    /// The body of a push over HTTP.
    pub(crate) fn push_body(self, push: &str) -> String {
        match self {
            Self::Tidings | Self::SocketIo => push.to_owned(),
            Self::Centrifugo => format!("{{\"channel\":\"{CHANNEL}\",\"data\":{push}}}"),
        }
    }

    /// What stands in the answer to a push that was taken, and in no other.
    pub(crate) fn taken(self) -> &'static [u8] {
        match self {
            Self::Tidings | Self::SocketIo => b"\"success\":true",
            Self::Centrifugo => b"\"result\":{",
        }
    }

    /// Where health is asked for.
    pub(crate) fn health_path(self) -> &'static str {
        match self {
            Self::Tidings | Self::SocketIo => "/api/health",
            Self::Centrifugo => "/health",
        }
    }

    /// The answer to a heartbeat.
    pub(crate) fn pong(self) -> &'static [u8] {
        match self {
            Self::Tidings | Self::SocketIo => b"3",
            Self::Centrifugo => b"{}",
        }
    }

    /// The first text of a frame, and the rest of it.
    pub(crate) fn first_text(self, frame: &[u8]) -> (&[u8], &[u8]) {
        match memchr(b'\n', frame).filter(|_| self == Self::Centrifugo) {
            Some(end) => (&frame[..end], &frame[end + 1..]),
            None => (frame, &[]),
        }
    }

    /// What a text is.
    pub(crate) fn said(self, text: &[u8]) -> Said {
        match self {
            Self::Tidings | Self::SocketIo => socket_io(text),
            Self::Centrifugo => centrifugo(text),
        }
    }
}

fn socket_io(text: &[u8]) -> Said {
    match text {
        text if text.starts_with(b"42[\"sync_update\",") => Said::Message,
        text if text.starts_with(b"42[") => Said::Event { reset: text.starts_with(b"42[\"reset\"") },
        b"2" => Said::Ping,
        b"6" => Said::Nothing,
        _ => Said::Strange,
    }
}

fn centrifugo(text: &[u8]) -> Said {
    match text {
        b"{}" => Said::Ping,
        text if text.starts_with(b"{\"push\":{\"channel\":\"bench\",\"pub\":") => Said::Message,
        text if text.starts_with(b"{\"push\":") => Said::Event { reset: false },
        _ => Said::Strange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_centrifugo_has_a_text_in_every_line() {
        let mut texts = Vec::new();
        let mut rest =
            &b"{}\n{\"push\":{\"channel\":\"bench\",\"pub\":{}}}\n{\"push\":{\"channel\":\"bench\",\"leave\":{}}}"[..];
        while !rest.is_empty() {
            let (text, others) = Dialect::Centrifugo.first_text(rest);
            texts.push(Dialect::Centrifugo.said(text));
            rest = others;
        }
        assert_eq!(texts, [Said::Ping, Said::Message, Said::Event { reset: false }]);
        assert_eq!(Dialect::SocketIo.first_text(b"42[\"a\n\"]"), (&b"42[\"a\n\"]"[..], &b""[..]));
    }

    #[test]
    fn what_socket_io_says_is_told_apart() {
        let check = |text: &[u8], expected| assert_eq!(Dialect::Tidings.said(text), expected);
        check(b"42[\"sync_update\",{}]", Said::Message);
        check(b"42[\"reset\",\"c\"]", Said::Event { reset: true });
        check(b"42[\"connected\",{}]", Said::Event { reset: false });
        check(b"2", Said::Ping);
        check(b"6", Said::Nothing);
        check(b"{}", Said::Strange);
    }
}
