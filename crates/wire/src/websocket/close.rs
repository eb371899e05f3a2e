//! Close codes of RFC 6455 §7.4: which may travel, and the payload of the frame that carries one.

/// A status code that may stand in a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server goes down, or the page leaves.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the WebSocket protocol, or the one above it.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A text message was not UTF-8.
    pub const INVALID_TEXT: Self = Self(1007);
    /// The peer broke a rule that is not the protocol's, such as one socket per session.
    pub const POLICY: Self = Self(1008);
    /// A message was larger than the bound.
    pub const TOO_BIG: Self = Self(1009);

    /// The code, if a peer may send it: 1000–1003, 1007–1014 and the ranges of libraries and applications, 3000–4999.
    #[must_use]
    pub const fn from_peer(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The payload of a close frame with this code and no reason text.
    #[must_use]
    pub const fn payload(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}
