//! Faults planted into the streams of followers, each found by exactly its count.

use super::*;
use crate::{
    check::{STAMP_BYTES, Stamp, Window},
    dialect::Dialect,
};

const FOLLOWERS: usize = 3;

/// A server's frame with that text.
fn frame(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    let header = if text.len() < 126 { vec![0x81, length[1]] } else { vec![0x81, 126, length[0], length[1]] };
    [header, text.to_vec()].concat()
}

/// The message with that number of lane 0, padded like a chat message.
fn message(number: u32) -> Vec<u8> {
    let mut id = [0; STAMP_BYTES];
    Stamp { lane: 0, number, due_ns: 5 }.write(&mut id);
    let padding = "x".repeat(150);
    let id = String::from_utf8(id.to_vec()).unwrap();
    let event = format!(
        "42[\"sync_update\",{{\"type\":\"bench/0000\",\"data\":{{\"id\":\"{id}\",\"content\":\"{padding}\"}},\"seq\":{number}}},\"c{number}\"]"
    );
    frame(event.as_bytes())
}

/// The messages with those numbers, as a server frames them.
pub(crate) fn messages(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| message(*number)).collect()
}

/// Three followers, of which the second gets `odd` and the others get messages 1 to 6, all cut into pieces of that size.
/// Returns the counts of the second alone and how many pongs it owes.
fn judged(odd: &[u8], piece: usize) -> (Counts, usize) {
    let plain = messages(&[1, 2, 3, 4, 5, 6]);
    let streams = [&plain[..], odd, &plain[..]];
    let mut reference = Reference::default();
    let mut tally = Tally::new(Window::closed());
    let mut followers: Vec<_> = (0..FOLLOWERS).map(|_| Follower::shared(Dialect::SocketIo, &reference)).collect();
    let mut pongs = 0;
    for turn in 0..plain.len().max(odd.len()).div_ceil(piece) {
        for (index, (follower, stream)) in followers.iter_mut().zip(streams).enumerate() {
            let piece = stream.chunks(piece).nth(turn).unwrap_or_default();
            let wish = follower.receive(piece, &mut reference, &mut tally, 9).unwrap();
            pongs += if index == 1 { wish.pongs } else { 0 };
        }
    }
    let pushed = Pushed { last: vec![6], ..Pushed::default() };
    for index in [0, 2] {
        assert!(followers[index].judge(&reference, &pushed).is_clean(), "follower {index} in pieces of {piece}");
    }
    (followers[1].judge(&reference, &pushed), pongs)
}

/// The same in pieces of every kind: bytes, parts of a frame, several frames, everything at once.
fn check(odd: &[u8], expected: Counts) {
    for piece in [1, 7, 100, 235, 500, 10_000] {
        assert_eq!(judged(odd, piece).0, expected, "in pieces of {piece}");
    }
}

#[test]
fn the_same_stream_is_clean_however_it_is_cut() {
    check(&messages(&[1, 2, 3, 4, 5, 6]), Counts::default());
}

#[test]
fn a_lost_message_is_found() {
    check(&messages(&[1, 2, 4, 5, 6]), Counts { lost: 1, ..Counts::default() });
    check(&messages(&[2, 3, 4, 5, 6]), Counts { lost: 1, ..Counts::default() });
}

#[test]
fn a_missing_end_is_lost() {
    check(&messages(&[1, 2, 3, 4]), Counts { lost: 2, ..Counts::default() });
    check(&[], Counts { lost: 6, ..Counts::default() });
    let whole = messages(&[1, 2, 3, 4, 5, 6]);
    check(&whole[..whole.len() - 1], Counts { lost: 1, ..Counts::default() });
}

#[test]
fn a_doubled_message_is_found() {
    check(&messages(&[1, 2, 2, 3, 4, 5, 6]), Counts { doubled: 1, ..Counts::default() });
    check(&messages(&[1, 2, 3, 4, 5, 6, 6]), Counts { doubled: 1, ..Counts::default() });
}

#[test]
fn two_swapped_messages_are_found() {
    check(&messages(&[1, 3, 2, 4, 5, 6]), Counts { reordered: 1, ..Counts::default() });
}

#[test]
fn an_unreadable_message_is_strange_and_its_number_lost() {
    let mut odd = messages(&[1, 2, 3, 4, 5, 6]);
    let stamp = message(1).len() * 3 + 62;
    odd[stamp..stamp + 30].fill(b'?');
    check(&odd, Counts { lost: 1, strange: 1, ..Counts::default() });
}

#[test]
fn heartbeats_and_other_events_between_messages_are_no_part_of_the_stream() {
    let between = [frame(b"2"), frame(b"42[\"connected\",{}]"), frame(b"2")].concat();
    for at in 0..=6 {
        let numbers = [1, 2, 3, 4, 5, 6];
        let odd = [messages(&numbers[..at]), between.clone(), messages(&numbers[at..])].concat();
        check(&odd, Counts::default());
        for piece in [1, 100, 10_000] {
            assert_eq!(judged(&odd, piece).1, 2);
        }
    }
}

#[test]
fn a_fault_that_everybody_sees_is_counted_for_everybody() {
    let mut reference = Reference::default();
    let mut tally = Tally::new(Window::closed());
    let pushed = Pushed { last: vec![3], ..Pushed::default() };
    let mut followers =
        [Follower::shared(Dialect::SocketIo, &reference), Follower::shared(Dialect::SocketIo, &reference)];
    for follower in &mut followers {
        follower.receive(&messages(&[1, 3, 3]), &mut reference, &mut tally, 9).unwrap();
    }
    for follower in &followers {
        assert_eq!(follower.judge(&reference, &pushed), Counts { lost: 1, doubled: 1, ..Counts::default() });
    }
    assert_eq!(tally.delivered, 6);
}

#[test]
fn who_comes_later_is_not_asked_for_what_was_before() {
    let mut reference = Reference::default();
    let mut tally = Tally::new(Window::closed());
    let mut first = Follower::shared(Dialect::SocketIo, &reference);
    first.receive(&messages(&[1, 2]), &mut reference, &mut tally, 9).unwrap();
    let mut late = Follower::shared(Dialect::SocketIo, &reference);
    let mut alone = Follower::alone(Dialect::SocketIo, &[2]);
    for follower in [&mut first, &mut late, &mut alone] {
        follower.receive(&messages(&[3]), &mut reference, &mut tally, 9).unwrap();
    }
    let pushed = Pushed { last: vec![3], ..Pushed::default() };
    for follower in [&first, &late, &alone] {
        assert!(follower.judge(&reference, &pushed).is_clean());
    }
    assert_eq!(reference.cursor_after(3), Some("c3"));
}

#[test]
fn latency_is_counted_from_when_a_message_was_due_and_only_in_the_window() {
    let window = Window::closed();
    let mut reference = Reference::default();
    let mut tally = Tally::new(window.clone());
    let mut follower = Follower::shared(Dialect::SocketIo, &reference);
    follower.receive(&messages(&[1]), &mut reference, &mut tally, 10_000_005).unwrap();
    assert_eq!(tally.latency.len(), 0);
    window.open(5);
    follower.receive(&messages(&[2]), &mut reference, &mut tally, 10_000_005).unwrap();
    window.close(5);
    follower.receive(&messages(&[3]), &mut reference, &mut tally, 10_000_005).unwrap();
    assert_eq!(tally.latency.len(), 1);
    assert!((10_000_000..10_020_000).contains(&tally.latency.max()));
}

#[test]
fn a_close_is_told() {
    let mut reference = Reference::default();
    let mut tally = Tally::new(Window::closed());
    let mut follower = Follower::shared(Dialect::SocketIo, &reference);
    let wish = follower.receive(&[0x88, 2, 3, 0xe8], &mut reference, &mut tally, 9).unwrap();
    assert!(wish.closed);
}

#[test]
fn messages_of_centrifugo_are_judged_one_by_one_however_they_share_frames() {
    let line = |number: u32| {
        let mut id = [0; STAMP_BYTES];
        Stamp { lane: 0, number, due_ns: 5 }.write(&mut id);
        let id = String::from_utf8(id.to_vec()).unwrap();
        format!(
            "{{\"push\":{{\"channel\":\"bench\",\"pub\":{{\"data\":{{\"type\":\"bench/0000\",\"data\":{{\"id\":\"{id}\"}}}}}}}}}}"
        )
    };
    let judged = |frames: &[&[u32]]| {
        let mut reference = Reference::default();
        let mut tally = Tally::new(Window::closed());
        let mut follower = Follower::alone(Dialect::Centrifugo, &[]);
        for numbers in frames {
            let lines: Vec<_> = numbers.iter().map(|number| line(*number)).chain(["{}".to_owned()]).collect();
            let wish = follower.receive(&frame(lines.join("\n").as_bytes()), &mut reference, &mut tally, 9).unwrap();
            assert_eq!(wish.pongs, 1);
        }
        follower.judge(&reference, &Pushed { last: vec![4], ..Pushed::default() })
    };
    assert_eq!(judged(&[&[1], &[2, 3, 4]]), Counts::default());
    assert_eq!(judged(&[&[1, 2], &[4]]), Counts { lost: 1, ..Counts::default() });
    assert_eq!(judged(&[&[1, 2, 2], &[3, 4]]), Counts { doubled: 1, ..Counts::default() });
    assert_eq!(judged(&[&[2, 1], &[3, 4]]), Counts { reordered: 1, ..Counts::default() });
}
