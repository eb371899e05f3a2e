//! What a server answers to a push, by HTTP or by an ack. Pure: bytes in, answers out.

use memchr::memmem;

use crate::{
    check::{Frame, Opcode},
    limits::ANSWER_BYTES_MAX,
};

/// The answer to one push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Which push, on a socket.
    pub(crate) ack: Option<u64>,
    /// `None` when it was accepted; else what the server calls the refusal.
    pub(crate) refusal: Option<String>,
}

/// What stands at the beginning of the bytes that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Answer(Answer),
    Ping,
    /// Events that pushers have no use for.
    Other,
}

/// The answer that `bytes` begin with and where it ends; `None` until it is whole. `taken` stands in that of a push that was
/// taken.
///
/// # Errors
/// An answer without `Content-Length`, or too large a one.
pub(crate) fn http(bytes: &[u8], taken: &[u8]) -> anyhow::Result<Option<(Arrival, usize)>> {
    let Some(head_end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = str::from_utf8(&bytes[..head_end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
    let length =
        lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let Some((_, length)) = length else { anyhow::bail!("an answer without Content-Length: {head}") };
    let length: usize = length.trim().parse()?;
    anyhow::ensure!(length <= ANSWER_BYTES_MAX, "an answer of {length} bytes");
    let end = head_end + 4 + length;
    let Some(body) = bytes.get(head_end + 4..end) else { return Ok(None) };
    let refusal = refusal(body, taken).map(|refusal| format!("{status} {refusal}"));
    Ok(Some((Arrival::Answer(Answer { ack: None, refusal }), end)))
}

/// The same on a socket.
///
/// # Errors
/// The server closed the socket, or sent something that no answer is.
pub(crate) fn socket(bytes: &[u8], taken: &[u8]) -> anyhow::Result<Option<(Arrival, usize)>> {
    let Some(frame) = Frame::first(bytes)? else { return Ok(None) };
    let payload = &bytes[frame.header_bytes..frame.end];
    anyhow::ensure!(frame.opcode == Opcode::Text, "the server sent {:?} to a pusher", frame.opcode);
    let arrival = match payload {
        b"2" => Arrival::Ping,
        [b'4', b'3', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let ack = str::from_utf8(&rest[..digits])?.parse().ok();
            Arrival::Answer(Answer { ack, refusal: refusal(&rest[digits..], taken) })
        }
        _ => Arrival::Other,
    };
    Ok(Some((arrival, frame.end)))
}

fn refusal(body: &[u8], taken: &[u8]) -> Option<String> {
    if memmem::find(body, taken).is_some() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let code = text.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next());
    Some(code.map_or_else(|| text.chars().take(80).collect(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: &[u8] = b"\"success\":true";

    #[test]
    fn an_answer_by_http_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"success\":true}HTTP";
        for cut in 0..bytes.len() - 4 {
            assert_eq!(http(&bytes[..cut], TAKEN).unwrap(), None, "{cut}");
        }
        let answer = Arrival::Answer(Answer { ack: None, refusal: None });
        assert_eq!(http(bytes, TAKEN).unwrap(), Some((answer, bytes.len() - 4)));
        let refused = b"HTTP/1.1 503 Busy\r\nContent-Length: 15\r\n\r\n{\"code\":\"busy\"}";
        let answer = Arrival::Answer(Answer { ack: None, refusal: Some("503 busy".into()) });
        assert_eq!(http(refused, TAKEN).unwrap(), Some((answer, refused.len())));
        assert!(http(b"HTTP/1.1 200 OK\r\n\r\n", TAKEN).is_err());
    }

    #[test]
    fn an_ack_is_read_with_its_number() {
        let frame = |text: &str| [&[0x81, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let first = |text: &str| socket(&frame(text), TAKEN).unwrap().unwrap().0;
        assert_eq!(first("4317[{\"success\":true}]"), Arrival::Answer(Answer { ack: Some(17), refusal: None }));
        assert_eq!(
            first("4318[{\"code\":\"busy\"}]"),
            Arrival::Answer(Answer { ack: Some(18), refusal: Some("busy".into()) })
        );
        assert_eq!(first("2"), Arrival::Ping);
        assert_eq!(first("42[\"sync_update\",{}]"), Arrival::Other);
        assert!(socket(&[0x88, 0], TAKEN).is_err());
    }
}
