//! The digest of the opening handshake, RFC 6455 §4.2.2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The constant that RFC 6455 §1.3 appends to the client's key.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes of a client's key once decoded, RFC 6455 §4.1.
const KEY_BYTES: usize = 16;

/// `Sec-WebSocket-Key` is not the base64 of 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Sec-WebSocket-Key is not the base64 of 16 bytes")]
pub struct KeyError;

/// The value of `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`.
///
/// # Errors
/// If the key is not the base64 of 16 bytes.
pub fn accept(key: &[u8]) -> Result<String, KeyError> {
    let decoded = STANDARD.decode(key).map_err(|_| KeyError)?;
    if decoded.len() != KEY_BYTES {
        return Err(KeyError);
    }
    let mut digest = Sha1::new();
    digest.update(key);
    digest.update(MAGIC);
    Ok(STANDARD.encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_gives_its_digest() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert_eq!(accept(b"c2hvcnQ="), Err(KeyError));
        assert_eq!(accept(b"not base64 at all"), Err(KeyError));
    }
}
