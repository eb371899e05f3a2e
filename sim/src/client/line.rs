//! The client's end of a line: frames of a socket, or polls and posts, one of each at a time.

use std::time::Instant;

use bytes::Bytes;
use wire::{
    engineio::{Message, Packet, packets},
    websocket::{Decoder, Event, FrameHeader, Opcode, Role, mask},
};

use super::Client;
use crate::{
    action::Life,
    network::{LineId, Request, Response},
    stage::Stage,
};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(super) struct Line {
    pub(super) id: LineId,
    /// It was greeted.
    pub(super) is_in: bool,
    carrier: Carrier,
    /// The number of the last event that asked for an answer.
    pub(super) asked: u64,
}

enum Carrier {
    Socket { decoder: Decoder, unread: Vec<u8> },
    Polling { outgoing: Vec<String>, is_posting: bool },
}

impl Line {
    /// Sends an Engine.IO packet.
    pub(super) fn send(&mut self, stage: &mut Stage, packet: String) {
        match &mut self.carrier {
            Carrier::Socket { .. } => {
                let mut frame = FrameHeader::client(Opcode::Text, packet.len(), MASK).as_bytes().to_vec();
                let start = frame.len();
                frame.extend_from_slice(packet.as_bytes());
                mask(&mut frame[start..], MASK, 0);
                stage.client_writes(self.id, &frame);
            }
            Carrier::Polling { outgoing, .. } => {
                outgoing.push(packet);
                self.post(stage);
            }
        }
    }

    fn post(&mut self, stage: &mut Stage) {
        let Carrier::Polling { outgoing, is_posting } = &mut self.carrier else { return };
        if !*is_posting && !outgoing.is_empty() {
            *is_posting = true;
            let payload = std::mem::take(outgoing).join("\x1e");
            stage.client_requests(self.id, Request::Post(payload.into()));
        }
    }

    /// The packets that have arrived.
    fn hear(&mut self, stage: &mut Stage) -> Result<Vec<Packet>, Useless> {
        match &mut self.carrier {
            Carrier::Socket { decoder, unread } => {
                unread.extend(stage.client_reads(self.id));
                decode(stage.instant(), decoder, unread)
            }
            Carrier::Polling { .. } => match stage.client_takes(self.id) {
                None => Ok(Vec::new()),
                Some(Response::Poll(Ok(payload))) => {
                    // The next poll goes out at once, as the stock client's does.
                    stage.client_requests(self.id, Request::Poll);
                    packets(payload).map_err(nonsense)?.collect::<Result<_, _>>().map_err(nonsense)
                }
                Some(Response::Post(Ok(()))) => {
                    if let Carrier::Polling { is_posting, .. } = &mut self.carrier {
                        *is_posting = false;
                    }
                    self.post(stage);
                    Ok(Vec::new())
                }
                Some(Response::Poll(Err(_)) | Response::Post(Err(_))) => Err(Useless::Ended),
            },
        }
    }
}

/// Why a line is of no more use.
enum Useless {
    Ended,
    /// The server sent what it never must.
    Nonsense(String),
}

fn nonsense(error: impl std::fmt::Debug) -> Useless {
    Useless::Nonsense(format!("{error:?}"))
}

fn decode(now: Instant, decoder: &mut Decoder, unread: &mut Vec<u8>) -> Result<Vec<Packet>, Useless> {
    let mut found = Vec::new();
    let mut input = &unread[..];
    loop {
        match decoder.decode(now, &mut input) {
            Ok(Some(Event::Text(text))) => found.push(Packet::from_text(&text).map_err(nonsense)?),
            Ok(Some(Event::Close(_))) => return Err(Useless::Ended),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(nonsense(error)),
        }
    }
    unread.clear();
    Ok(found)
}

impl Client {
    /// Opens a line to that life of the server.
    pub(super) fn connect(&mut self, stage: &mut Stage, life: Life) {
        let id = stage.open_line(self.id, life, self.is_polling);
        let carrier = if self.is_polling {
            stage.client_requests(id, Request::Poll);
            Carrier::Polling { outgoing: Vec::new(), is_posting: false }
        } else {
            // The server hears of a socket by its opening request, for which nothing stands.
            stage.client_writes(id, &[]);
            Carrier::Socket { decoder: Decoder::new(Role::Client, usize::MAX), unread: Vec::new() }
        };
        self.note_connect(stage);
        self.line = Some(Line { id, is_in: false, carrier, asked: 0 });
    }

    /// Something has arrived on its line.
    pub(crate) fn hear(&mut self, stage: &mut Stage, line: LineId) {
        let Some(own) = self.line.as_mut().filter(|own| own.id == line) else { return };
        let packets = match own.hear(stage) {
            Ok(packets) => packets,
            Err(useless) => {
                if let Useless::Nonsense(what) = useless {
                    stage.fault(format!("{} cannot read what the server sent: {what}", self.name()));
                }
                return self.lose(stage, line);
            }
        };
        for packet in packets {
            // A packet may have ended the line.
            if self.line.as_ref().is_none_or(|own| own.id != line) {
                return;
            }
            self.take_packet(stage, packet);
        }
    }

    fn take_packet(&mut self, stage: &mut Stage, packet: Packet) {
        match packet {
            Packet::Open(_) => {
                let knock = format!("40{}", self.auth());
                self.send(stage, knock);
            }
            Packet::Ping(_) => self.send(stage, "3".to_owned()),
            Packet::Message(Message::Text(text)) => self.take_message(stage, &text),
            Packet::Close => self.hang_up(stage),
            Packet::Noop => {}
            other => panic!("this server never sends {other:?}"),
        }
    }

    pub(super) fn send(&mut self, stage: &mut Stage, packet: String) {
        if let Some(line) = &mut self.line {
            line.send(stage, packet);
        }
    }

    fn take_message(&mut self, stage: &mut Stage, text: &Bytes) {
        let text = str::from_utf8(text).expect("the decoder has checked it");
        let (kind, rest) = text.split_at(1);
        match kind {
            "0" => self.take_connect(rest),
            "2" => self.take_event(stage, rest),
            "3" => self.take_ack(stage, rest),
            // Refused for good: somebody barred it, and it has not been told otherwise.
            "4" => self.hang_up(stage),
            _ => panic!("this server never sends {text}"),
        }
    }
}
