//! The private id that a client keeps and brings back when it reconnects.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::Cursor;

use crate::limits::PID_BYTES_MAX;

/// The private id of a socket's life across reconnects: random, and the cursor it started from. A client that was cut
/// before it saw any event returns with it and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pid {
    text: String,
}

impl Pid {
    /// A new one that starts from there.
    #[must_use]
    pub fn new(start: &Cursor) -> Self {
        let mut random = [0; 12];
        getrandom::fill(&mut random).expect("the system gives random bytes");
        Self { text: format!("{}.{}", URL_SAFE_NO_PAD.encode(random), start.encode()) }
    }

    /// Reads what a client brought back. `None` if it is none of ours.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (random, cursor) = text.split_once('.')?;
        let is_ours = text.len() <= PID_BYTES_MAX
            && URL_SAFE_NO_PAD.decode(random).is_ok_and(|random| random.len() == 12)
            && Cursor::decode(cursor).is_ok();
        is_ours.then(|| Self { text: text.to_owned() })
    }

    /// The cursor that it carries, as text.
    #[must_use]
    pub fn start(&self) -> &str {
        self.text.split_once('.').map_or("", |(_, cursor)| cursor)
    }

    /// The text that the client keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
