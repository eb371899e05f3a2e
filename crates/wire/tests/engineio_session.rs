//! The Engine.IO session, step by step: polls, POSTs, heartbeat, probes, the end.

use std::time::{Duration, Instant};

use bytes::Bytes;
use wire::engineio::{CloseReason, Config, Message, Packet, ProbeStep, Received, Refusal, Session, Tick, Transport};
use wire::limits::{ENGINEIO_LEAVE_GRACE, ENGINEIO_NOOP_DELAY, ENGINEIO_PROBE_REPLY_DELAY};

const CONFIG: Config = Config {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    upgrade_timeout: Duration::from_secs(1),
    max_payload_bytes: 1_000,
};

struct Bench {
    session: Session,
    now: Instant,
}

impl Bench {
    fn open(transport: Transport) -> Self {
        let now = Instant::now();
        Self { session: Session::open(now, transport, &CONFIG), now }
    }

    fn pass(&mut self, time: Duration) -> Tick {
        self.now += time;
        self.session.advance(self.now, &CONFIG)
    }

    fn receive(&mut self, packet: Packet) -> Received {
        self.session.receive(self.now, packet, &CONFIG)
    }
}

fn ping(data: &'static str) -> Packet {
    Packet::Ping(Bytes::from_static(data.as_bytes()))
}

fn pong() -> Packet {
    Packet::Pong(Bytes::new())
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_client_that_answers_pings_lives_and_one_that_does_not_is_closed() {
    for transport in [Transport::Polling, Transport::WebSocket] {
        let mut bench = Bench::open(transport);
        assert_eq!(bench.pass(CONFIG.ping_interval - MS), Tick::Nothing);
        assert_eq!(bench.pass(MS), Tick::Ping);
        for _ in 0..3 {
            let answered_after = CONFIG.ping_timeout - MS;
            assert_eq!(bench.pass(answered_after), Tick::Nothing);
            assert_eq!(bench.receive(pong()), Received::Nothing);
            assert_eq!(bench.pass(CONFIG.ping_interval - answered_after - MS), Tick::Nothing);
            assert_eq!(bench.pass(MS), Tick::Ping, "one interval after the last, however late its answer was");
        }
        assert_eq!(bench.receive(pong()), Received::Nothing);
        assert_eq!(bench.pass(CONFIG.ping_interval), Tick::Ping);
        assert_eq!(bench.session.next_deadline(), Some(bench.now + CONFIG.ping_timeout));
        assert_eq!(bench.pass(CONFIG.ping_timeout), Tick::Closed);
        assert_eq!(bench.session.closed(), Some(CloseReason::PingTimeout));
        assert_eq!(bench.session.next_deadline(), None);
    }
}

#[test]
fn pongs_that_nothing_asked_for_put_no_ping_off() {
    let mut bench = Bench::open(Transport::WebSocket);
    assert_eq!(bench.pass(CONFIG.ping_interval - MS), Tick::Nothing);
    assert_eq!(bench.receive(pong()), Received::Nothing);
    assert_eq!(bench.pass(MS), Tick::Ping);
}

#[test]
fn a_pause_of_the_whole_process_does_not_kill_the_living() {
    let mut bench = Bench::open(Transport::WebSocket);
    assert_eq!(bench.pass(Duration::from_secs(60)), Tick::Ping);
    assert_eq!(bench.pass(CONFIG.ping_timeout - MS), Tick::Nothing);
    assert_eq!(bench.receive(pong()), Received::Nothing);
}

#[test]
fn messages_do_not_stand_in_for_a_pong() {
    let mut bench = Bench::open(Transport::WebSocket);
    assert_eq!(bench.pass(CONFIG.ping_interval), Tick::Ping);
    let message = Message::Text("hello".into());
    assert_eq!(bench.receive(Packet::Message(message.clone())), Received::Message(message));
    assert_eq!(bench.pass(CONFIG.ping_timeout), Tick::Closed);
}

#[test]
fn a_second_poll_is_refused_and_closes_the_session() {
    let mut bench = Bench::open(Transport::Polling);
    assert_eq!(bench.session.poll_begins(bench.now), Ok(()));
    assert_eq!(bench.session.poll_begins(bench.now), Err(Refusal::BadRequest));
    assert_eq!(bench.session.closed(), Some(CloseReason::DuplicateRequest));
    assert_eq!(bench.session.poll_begins(bench.now), Err(Refusal::UnknownSession));
    assert_eq!(bench.session.post_begins(), Err(Refusal::UnknownSession));
}

#[test]
fn polls_follow_each_other_and_a_post_may_run_beside_one() {
    let mut bench = Bench::open(Transport::Polling);
    for _ in 0..3 {
        assert_eq!(bench.session.poll_begins(bench.now), Ok(()));
        assert_eq!(bench.session.post_begins(), Ok(()));
        bench.session.post_ends();
        bench.session.poll_ends();
    }
    assert_eq!(bench.session.post_begins(), Ok(()));
    assert_eq!(bench.session.post_begins(), Err(Refusal::BadRequest));
    assert_eq!(bench.session.closed(), Some(CloseReason::DuplicateRequest));
}

#[test]
fn a_websocket_session_takes_no_polls_and_stays() {
    let mut bench = Bench::open(Transport::WebSocket);
    assert_eq!(bench.session.poll_begins(bench.now), Err(Refusal::BadRequest));
    assert_eq!(bench.session.post_begins(), Err(Refusal::BadRequest));
    assert!(bench.session.probe_begins(bench.now, &CONFIG).is_none());
    assert_eq!(bench.session.closed(), None);
}

#[test]
fn what_a_client_never_sends_closes_the_session() {
    for packet in [Packet::Open("{}".into()), ping(""), ping("probe")] {
        let mut bench = Bench::open(Transport::WebSocket);
        assert_eq!(bench.receive(packet), Received::Closed);
        assert_eq!(bench.session.closed(), Some(CloseReason::ProtocolError));
        assert_eq!(bench.receive(Packet::Message(Message::Text("late".into()))), Received::Closed);
    }
}

#[test]
fn an_upgrade_moves_the_session() {
    let mut bench = Bench::open(Transport::Polling);
    let probe = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
    assert_eq!(bench.session.poll_begins(bench.now), Ok(()));
    assert!(!bench.session.wants_noop(bench.now) && !bench.session.is_moving());
    assert_eq!(bench.session.probe_receives(bench.now, probe, &ping("probe")), ProbeStep::Reply);
    assert!(bench.session.is_moving());
    assert!(bench.session.wants_noop(bench.now), "the waiting poll has to end");
    bench.session.poll_ends();
    assert_eq!(bench.session.poll_begins(bench.now), Ok(()), "and so has each that comes before the upgrade");
    assert!(!bench.session.wants_noop(bench.now), "but not at once, as the upgrade may be just behind it");
    assert_eq!(bench.session.next_deadline(), Some(bench.now + ENGINEIO_NOOP_DELAY));
    assert_eq!(bench.pass(ENGINEIO_NOOP_DELAY), Tick::Nothing);
    assert!(bench.session.wants_noop(bench.now));
    bench.session.poll_ends();
    assert_eq!(bench.session.probe_receives(bench.now, probe, &Packet::Upgrade), ProbeStep::Upgraded);
    assert_eq!(bench.session.transport(), Transport::WebSocket);
    assert!(!bench.session.is_moving());
    assert_eq!(bench.session.poll_begins(bench.now), Err(Refusal::BadRequest));
    assert!(bench.session.probe_begins(bench.now, &CONFIG).is_none());
    assert_eq!(bench.session.closed(), None);
}

#[test]
fn a_probe_between_two_polls_is_answered_with_the_next_one_or_soon() {
    let asked = || {
        let mut bench = Bench::open(Transport::Polling);
        let probe = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
        assert_eq!(bench.session.probe_receives(bench.now, probe, &ping("probe")), ProbeStep::Wait);
        assert_eq!(bench.session.probe_receives(bench.now, probe, &ping("probe")), ProbeStep::Wait);
        assert!(!bench.session.is_moving());
        (bench, probe)
    };

    let (mut bench, probe) = asked();
    assert_eq!(bench.session.poll_begins(bench.now), Ok(()));
    assert_eq!(bench.pass(Duration::ZERO), Tick::ProbeReply, "the client has taken in all answers before this poll");
    assert!(bench.session.is_moving() && bench.session.wants_noop(bench.now));
    assert_eq!(bench.pass(Duration::ZERO), Tick::Nothing, "once");
    assert_eq!(bench.session.probe_receives(bench.now, probe, &Packet::Upgrade), ProbeStep::Upgraded);

    let (mut bench, probe) = asked();
    assert_eq!(bench.session.next_deadline(), Some(bench.now + ENGINEIO_PROBE_REPLY_DELAY));
    assert_eq!(bench.pass(ENGINEIO_PROBE_REPLY_DELAY), Tick::ProbeReply, "who does not poll may move as well");
    assert_eq!(bench.session.probe_receives(bench.now, probe, &Packet::Upgrade), ProbeStep::Upgraded);

    let (mut bench, probe) = asked();
    let step = bench.session.probe_receives(bench.now, probe, &Packet::Upgrade);
    assert_eq!(step, ProbeStep::UpgradedUnanswered, "and who does not wait for an answer");
    assert_eq!(bench.session.transport(), Transport::WebSocket);

    let mut bench = Bench::open(Transport::Polling);
    let short = Config { upgrade_timeout: Duration::from_millis(50), ..CONFIG };
    let probe = bench.session.probe_begins(bench.now, &short).unwrap();
    assert_eq!(bench.session.probe_receives(bench.now, probe, &ping("probe")), ProbeStep::Wait);
    assert_eq!(bench.pass(Duration::from_millis(25)), Tick::ProbeReply, "with half of its time left at least");
}

#[test]
fn a_failed_probe_leaves_the_session_on_polling() {
    for packet in [Packet::Upgrade, ping("other"), ping(""), Packet::Close, Packet::Message(Message::Text("x".into()))]
    {
        let mut bench = Bench::open(Transport::Polling);
        let probe = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
        assert_eq!(bench.session.probe_receives(bench.now, probe, &packet), ProbeStep::Failed);
        assert_eq!(bench.session.probe_receives(bench.now, probe, &ping("probe")), ProbeStep::Failed);
        assert_eq!((bench.session.transport(), bench.session.closed()), (Transport::Polling, None));
        assert!(bench.session.probe_begins(bench.now, &CONFIG).is_some(), "and it may try again");
    }
}

#[test]
fn one_probe_at_a_time_and_an_old_one_cannot_disturb_a_new_one() {
    let mut bench = Bench::open(Transport::Polling);
    let first = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
    assert!(bench.session.probe_begins(bench.now, &CONFIG).is_none());
    bench.session.probe_ends(first);
    let second = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
    bench.session.probe_ends(first);
    assert_eq!(bench.session.poll_begins(bench.now), Ok(()));
    assert_eq!(bench.session.probe_receives(bench.now, first, &ping("probe")), ProbeStep::Failed);
    assert!(bench.session.is_probing(second) && !bench.session.is_probing(first));
    assert_eq!(bench.session.probe_receives(bench.now, second, &ping("probe")), ProbeStep::Reply);
}

#[test]
fn a_probe_that_never_ends_expires() {
    let mut bench = Bench::open(Transport::Polling);
    let probe = bench.session.probe_begins(bench.now, &CONFIG).unwrap();
    for _ in 0..3 {
        assert_eq!(bench.pass(CONFIG.ping_interval), Tick::Ping);
        assert_eq!(bench.receive(pong()), Received::Nothing);
    }
    assert_eq!(bench.pass(Duration::from_millis(100)), Tick::ProbeExpired);
    assert!(!bench.session.is_probing(probe));
    assert_eq!(bench.session.closed(), None);
}

#[test]
fn a_client_that_leaves_ends_its_open_poll() {
    let mut bench = Bench::open(Transport::Polling);
    assert!(bench.session.poll_begins(bench.now).is_ok());
    assert_eq!(bench.receive(Packet::Close), Received::Closed);
    assert_eq!(bench.session.closed(), Some(CloseReason::ClosedByClient));
}

#[test]
fn a_goodbye_that_overtook_its_poll_waits_for_it_a_little() {
    let mut bench = Bench::open(Transport::Polling);
    assert_eq!(bench.receive(Packet::Close), Received::Nothing);
    assert_eq!(bench.receive(Packet::Message(Message::Text("late".into()))), Received::Closed);
    assert!(bench.session.probe_begins(bench.now, &CONFIG).is_none());
    assert!(bench.session.poll_begins(bench.now).is_ok(), "the poll is let in, to be ended");
    assert_eq!(bench.session.closed(), Some(CloseReason::ClosedByClient));

    let mut alone = Bench::open(Transport::Polling);
    assert_eq!(alone.receive(Packet::Close), Received::Nothing);
    assert_eq!(alone.pass(ENGINEIO_LEAVE_GRACE), Tick::Closed);
    assert_eq!(alone.session.closed(), Some(CloseReason::ClosedByClient));
}

#[test]
fn the_first_reason_stands() {
    let mut bench = Bench::open(Transport::WebSocket);
    bench.session.close(CloseReason::TooLarge);
    bench.session.close(CloseReason::TransportLost);
    assert_eq!(bench.session.closed(), Some(CloseReason::TooLarge));
}

#[test]
fn a_session_is_small() {
    assert!(size_of::<Session>() <= 80, "{}", size_of::<Session>());
}
