//! The Socket.IO session: who may send what when, and what comes of it.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use wire::engineio::Message;
use wire::limits::{SOCKETIO_ACKS_AWAITED_MAX, SOCKETIO_NAMESPACES_MAX};
use wire::socketio::{Config, Incoming, InvalidPacket, Namespace, Session, Violation};

const CONFIG: Config = Config {
    connect_timeout: Duration::from_secs(10),
    attachments_timeout: Duration::from_secs(5),
    packet_bytes_max: 1_000,
};

/// A client's session under test and the present time.
struct Bench {
    session: Session,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self { session: Session::open(now, &CONFIG), now }
    }

    /// One that is in `/`.
    fn connected() -> Self {
        let mut bench = Self::new();
        assert!(matches!(bench.text("0"), Ok(Some(Incoming::Connect { .. }))));
        assert!(bench.session.accept(&Namespace::main()));
        bench
    }

    fn text(&mut self, text: &str) -> Result<Option<Incoming>, Violation> {
        self.session.receive(self.now, Message::Text(Bytes::copy_from_slice(text.as_bytes())), &CONFIG)
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<Option<Incoming>, Violation> {
        self.session.receive(self.now, Message::Binary(Bytes::copy_from_slice(bytes)), &CONFIG)
    }

    fn pass(&mut self, time: Duration) -> Result<(), Violation> {
        self.now += time;
        self.session.advance(self.now)
    }

    /// The name of the event that `text` is.
    fn event(&mut self, text: &str) -> String {
        match self.text(text) {
            Ok(Some(Incoming::Event(event))) => event.name.into(),
            other => panic!("{text} gave {other:?}"),
        }
    }
}

fn custom() -> Namespace {
    Namespace::new("/custom").unwrap()
}

#[test]
fn a_client_that_never_connects_is_closed_in_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.session.next_deadline(), Some(bench.now + CONFIG.connect_timeout));
    assert_eq!(bench.pass(CONFIG.connect_timeout - Duration::from_millis(1)), Ok(()));
    assert_eq!(bench.pass(Duration::from_millis(1)), Err(Violation::ConnectTimeout));
}

#[test]
fn asking_without_being_accepted_does_not_stop_the_clock() {
    let mut bench = Bench::new();
    assert!(bench.text("0").unwrap().is_some());
    assert!(bench.session.refuse(&Namespace::main()));
    assert_eq!(bench.pass(CONFIG.connect_timeout), Err(Violation::ConnectTimeout));
}

#[test]
fn a_connected_client_has_no_deadline_until_it_leaves() {
    let mut bench = Bench::connected();
    assert_eq!(bench.session.next_deadline(), None);
    assert_eq!(bench.text("1"), Ok(Some(Incoming::Disconnect(Namespace::main()))));
    assert_eq!(bench.pass(CONFIG.connect_timeout), Err(Violation::ConnectTimeout));
}

#[test]
fn a_repeated_connect_does_nothing() {
    let mut bench = Bench::new();
    assert!(bench.text("0").unwrap().is_some());
    assert_eq!(bench.text(r#"0{"token":"other"}"#), Ok(None), "while it is being decided");
    assert!(bench.session.accept(&Namespace::main()));
    assert_eq!(bench.text("0"), Ok(None), "once accepted");
    assert!(!bench.session.accept(&Namespace::main()), "there is nothing to answer");
    assert_eq!(bench.event(r#"2["still here"]"#), "still here");
}

#[test]
fn an_answer_that_comes_after_the_client_left_is_not_sent() {
    let mut bench = Bench::new();
    assert!(bench.text("0").unwrap().is_some());
    assert!(bench.text("1").unwrap().is_some());
    assert!(!bench.session.accept(&Namespace::main()));
    assert!(!bench.session.refuse(&Namespace::main()));
}

#[test]
fn a_refused_client_may_ask_again() {
    let mut bench = Bench::connected();
    assert!(bench.text("0/custom,").unwrap().is_some());
    assert!(bench.session.refuse(&custom()));
    assert!(bench.text(r#"0/custom,{"token":"t"}"#).unwrap().is_some());
    assert!(bench.session.accept(&custom()));
    assert_eq!(bench.event(r#"2/custom,["e"]"#), "e");
}

#[test]
fn nothing_is_taken_before_the_client_is_in() {
    assert_eq!(Bench::new().text(r#"2["e"]"#), Err(Violation::NotConnected));
    assert_eq!(Bench::connected().text(r#"2/custom,["e"]"#), Err(Violation::NotConnected));
    assert_eq!(Bench::connected().text("3/custom,1[]"), Err(Violation::NotConnected));
    let mut undecided = Bench::new();
    assert!(undecided.text("0").unwrap().is_some());
    assert_eq!(undecided.text(r#"2["e"]"#), Err(Violation::NotConnected));
    let attachment_first = r#"51-["e",{"_placeholder":true,"num":0}]"#;
    assert_eq!(Bench::new().text(attachment_first), Err(Violation::NotConnected));
}

#[test]
fn leaving_one_namespace_leaves_the_others() {
    let mut bench = Bench::connected();
    assert!(bench.text("0/custom").unwrap().is_some());
    assert!(bench.session.accept(&custom()));
    assert_eq!(bench.text("1/custom"), Ok(Some(Incoming::Disconnect(custom()))));
    assert_eq!(bench.text("1/custom"), Ok(None), "twice is nothing");
    assert_eq!(bench.session.next_deadline(), None);
    assert_eq!(bench.event(r#"2["e"]"#), "e");
}

#[test]
fn what_was_under_way_to_a_namespace_that_we_ended_is_ignored() {
    let mut bench = Bench::connected();
    assert!(bench.session.end(bench.now, &Namespace::main(), &CONFIG));
    assert_eq!(bench.text(r#"2["e"]"#), Ok(None));
    assert_eq!(bench.text(r#"51-["e",{"_placeholder":true,"num":0}]"#), Ok(None));
    assert_eq!(bench.binary(b"x"), Ok(None));
    assert!(bench.text("0").unwrap().is_some(), "and it may come back");
}

#[test]
fn a_packet_is_handed_on_with_all_its_attachments() {
    let mut bench = Bench::connected();
    let packet = r#"52-7["e",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;
    assert_eq!(bench.text(packet), Ok(None));
    assert_eq!(bench.binary(b"one"), Ok(None));
    let Ok(Some(Incoming::Event(event))) = bench.binary(b"two") else { panic!("the event is complete") };
    assert_eq!((event.ack, event.attachments), (Some(7), vec![Bytes::from("one"), Bytes::from("two")]));
    assert_eq!(event.arguments.iter().count(), 2);
    assert_eq!(bench.session.next_deadline(), None);
}

#[test]
fn attachments_must_come_in_time_and_in_order() {
    let packet = r#"51-["e",{"_placeholder":true,"num":0}]"#;
    let mut slow = Bench::connected();
    assert_eq!(slow.text(packet), Ok(None));
    assert_eq!(slow.pass(CONFIG.attachments_timeout), Err(Violation::AttachmentsTimeout));
    let mut mixed = Bench::connected();
    assert_eq!(mixed.text(packet), Ok(None));
    assert_eq!(mixed.text(r#"2["e"]"#), Err(Violation::TextBetweenAttachments));
    assert_eq!(Bench::connected().binary(b"x"), Err(Violation::UnexpectedAttachment));
}

#[test]
fn a_packet_is_bounded_with_its_attachments_together() {
    let packet = r#"52-["e",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let room = CONFIG.packet_bytes_max - packet.len();
    let mut fits = Bench::connected();
    assert_eq!(fits.text(packet), Ok(None));
    assert_eq!(fits.binary(&vec![0; room]), Ok(None));
    assert!(fits.binary(b"").unwrap().is_some());
    let mut large = Bench::connected();
    assert_eq!(large.text(packet), Ok(None));
    assert_eq!(large.binary(&vec![0; room]), Ok(None));
    assert_eq!(large.binary(b"x"), Err(Violation::TooLarge));
    let long = format!(r#"2["{}",1]"#, " ".repeat(CONFIG.packet_bytes_max));
    assert!(Bench::connected().text(&long).is_err());
}

#[test]
fn namespaces_are_bounded() {
    let mut bench = Bench::new();
    for number in 0..SOCKETIO_NAMESPACES_MAX {
        assert!(bench.text(&format!("0/{number}")).unwrap().is_some());
    }
    assert_eq!(bench.text("0/more"), Err(Violation::TooManyNamespaces));
}

#[test]
fn only_an_acknowledgement_that_was_asked_for_is_handed_on_and_only_once() {
    let mut bench = Bench::connected();
    let id = bench.session.await_ack(&Namespace::main()).unwrap();
    assert_eq!(bench.text(&format!("3{}[]", id + 1)), Ok(None));
    assert!(matches!(bench.text(&format!(r#"3{id}["ok"]"#)), Ok(Some(Incoming::Ack(ack))) if ack.id == id));
    assert_eq!(bench.text(&format!(r#"3{id}["ok"]"#)), Ok(None));
    assert_eq!(bench.session.await_ack(&custom()), None);
    for _ in 0..SOCKETIO_ACKS_AWAITED_MAX {
        assert!(bench.session.await_ack(&Namespace::main()).is_some());
    }
    assert_eq!(bench.session.await_ack(&Namespace::main()), None);
}

#[test]
fn what_is_no_packet_ends_the_session() {
    for text in ["", "abc", "7", "5-", "51-", "4{}", "2{}", r#"2["connect"]"#, r#"2abc["e"]"#] {
        assert!(matches!(Bench::connected().text(text), Err(Violation::Packet(_))), "{text}");
    }
    assert_eq!(Bench::new().text("0[]"), Err(Violation::Packet(InvalidPacket::BadPayload)));
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Session>() <= 96, "{}", size_of::<Session>());
}
