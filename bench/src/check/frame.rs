//! WebSocket frames as a client sees them: the header of what a server sends, and the masked text that we send.

use crate::limits::FRAME_BYTES_MAX;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text,
    Close,
    Ping,
    Pong,
    /// Fragments, binary frames, reserved bits: none of our servers has a reason to send them.
    Strange,
}

/// One whole frame at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: Opcode,
    /// Where its payload begins.
    pub(crate) header_bytes: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

impl Frame {
    /// The frame that `bytes` begin with; `None` until all of it is there.
    ///
    /// # Errors
    /// A frame that no server of ours sends: masked, or larger than [`FRAME_BYTES_MAX`].
    pub(crate) fn first(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        anyhow::ensure!(second & 0x80 == 0, "a masked frame from the server");
        let (length, header_bytes) = match (second, rest) {
            (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
            (127, [a, b, c, d, e, f, g, h, ..]) => {
                (usize::try_from(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))?, 10)
            }
            (126 | 127, _) => return Ok(None),
            (length, _) => (usize::from(*length), 2),
        };
        anyhow::ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes from the server");
        let end = header_bytes + length;
        let frame = Self { opcode: opcode(*first), header_bytes, end };
        Ok((bytes.len() >= end).then_some(frame))
    }
}

fn opcode(first: u8) -> Opcode {
    match first {
        0x81 => Opcode::Text,
        0x88 => Opcode::Close,
        0x89 => Opcode::Ping,
        0x8a => Opcode::Pong,
        _ => Opcode::Strange,
    }
}

/// Appends `payload` as one masked frame of text. The mask need not be secret here, it must only be there.
pub(crate) fn masked(payload: &[u8], out: &mut Vec<u8>) {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    out.push(0x81);
    match payload.len() {
        length @ 0..=125 => out.push(0x80 | u8::try_from(length).expect("at most 125")),
        length @ 126..=65_535 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&u16::try_from(length).expect("at most 65 535").to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's frame of text.
    fn text(length: usize) -> Vec<u8> {
        let mut out = vec![0x81];
        match length {
            0..=125 => out.push(length as u8),
            126..=65_535 => {
                out.push(126);
                out.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                out.push(127);
                out.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        out.resize(out.len() + length, b'x');
        out
    }

    #[test]
    fn a_frame_is_found_when_all_of_it_is_there() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let bytes = text(length);
            for cut in [0, 1, 3, bytes.len() - 1] {
                let whole = Frame::first(&bytes[..cut.min(bytes.len() - 1)]).unwrap();
                assert_eq!(whole, None, "{length} cut at {cut}");
            }
            let frame = Frame::first(&bytes).unwrap().unwrap();
            assert_eq!((frame.opcode, frame.end), (Opcode::Text, bytes.len()));
            assert_eq!(bytes.len() - frame.header_bytes, length);
        }
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        assert!(Frame::first(&[0x81, 0x85, 0, 0]).is_err());
        assert!(Frame::first(&[0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]).is_err());
        for first in [0x01, 0x82, 0xc1, 0x80] {
            assert_eq!(Frame::first(&[first, 0]).unwrap().unwrap().opcode, Opcode::Strange);
        }
    }

    #[test]
    fn what_we_send_is_masked_and_comes_back() {
        for length in [0, 5, 125, 126, 65_536] {
            let payload = vec![b'a'; length];
            let mut out = Vec::new();
            masked(&payload, &mut out);
            assert_eq!(out[1] & 0x80, 0x80);
            let mask_at = out.len() - length - 4;
            let mask = out[mask_at..mask_at + 4].to_vec();
            let body: Vec<u8> = out[mask_at + 4..].iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect();
            assert_eq!(body, payload);
        }
    }
}
