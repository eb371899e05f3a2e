//! A client and a server of Engine.IO joined by a network that delivers in any order it likes, in simulated time:
//! whatever the interleaving of polls, POSTs, probes, upgrades, heartbeats and goodbyes, messages arrive once and in
//! order, and nobody waits for ever.
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod client;
mod network;
mod server;

use std::time::Duration;

use proptest::prelude::*;
use wire::engineio::{CloseReason, Config, Transport};

use network::Pair;

pub(crate) const CONFIG: Config = Config {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    upgrade_timeout: Duration::from_secs(1),
    max_payload_bytes: 1_000,
};

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Step {
    ClientSends,
    ServerSends,
    ClientUpgrades,
    ClientLeaves,
    /// One of the deliveries that the network holds, whichever this number picks.
    Deliver(u8),
    Pass(u16),
    /// The connection of the open poll breaks, for both sides.
    PollBreaks,
    /// The WebSocket, or the one being tried, breaks for both sides.
    SocketBreaks,
}

fn peaceful() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::ClientSends),
        3 => Just(Step::ServerSends),
        1 => Just(Step::ClientUpgrades),
        12 => any::<u8>().prop_map(Step::Deliver),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => peaceful(),
        2 => (0..400_u16).prop_map(Step::Pass),
        1 => Just(Step::ClientLeaves),
        1 => Just(Step::PollBreaks),
        1 => Just(Step::SocketBreaks),
    ]
}

fn run(pair: &mut Pair, steps: &[Step]) {
    for step in steps {
        match *step {
            Step::ClientSends => pair.client_sends(),
            Step::ServerSends => pair.server_sends(),
            Step::ClientUpgrades => pair.client_upgrades(),
            Step::ClientLeaves => pair.client_leaves(),
            Step::Deliver(pick) => pair.deliver(usize::from(pick)),
            Step::Pass(ms) => pair.pass(Duration::from_millis(ms.into())),
            Step::PollBreaks => pair.poll_breaks(),
            Step::SocketBreaks => pair.socket_breaks(),
        }
        pair.assert_sane();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn without_faults_everything_arrives_once_and_in_order(steps in prop::collection::vec(peaceful(), 0..120)) {
        let mut pair = Pair::new();
        run(&mut pair, &steps);
        pair.settle();
        prop_assert_eq!(pair.closed(), None);
        prop_assert_eq!(&pair.client.received, &pair.server.sent);
        prop_assert_eq!(&pair.server.received, &pair.client.sent);
        prop_assert!(pair.client.last_polls.iter().all(|body| body == "6"), "{:?}", pair.client.last_polls);
        for _ in 0..4 {
            pair.live_for(CONFIG.ping_interval);
        }
        prop_assert_eq!(pair.closed(), None, "a client that answers is never closed");
    }

    #[test]
    fn with_faults_nothing_arrives_twice_or_out_of_order_and_the_session_ends(
        steps in prop::collection::vec(any_step(), 0..120),
    ) {
        let mut pair = Pair::new();
        run(&mut pair, &steps);
        pair.settle();
        if pair.closed().is_none() && !pair.client.is_closed() {
            prop_assert_eq!(&pair.client.received, &pair.server.sent);
            prop_assert_eq!(&pair.server.received, &pair.client.sent);
        }
        pair.client_vanishes();
        for _ in 0..4 {
            pair.pass(CONFIG.ping_interval + CONFIG.ping_timeout);
        }
        prop_assert!(pair.closed().is_some(), "a client that is gone is noticed");
        pair.assert_sane();
    }
}

#[test]
fn an_upgrade_in_the_middle_of_a_conversation_loses_nothing() {
    let mut pair = Pair::new();
    pair.client_sends();
    pair.client_upgrades();
    pair.server_sends();
    pair.settle();
    assert_eq!(pair.server.transport(), Transport::WebSocket);
    pair.client_sends();
    pair.server_sends();
    pair.settle();
    assert_eq!((pair.client.received.len(), pair.server.received.len()), (2, 2));
}

#[test]
fn a_poll_whose_connection_breaks_takes_the_session_with_it() {
    let mut pair = Pair::new();
    pair.settle();
    pair.poll_breaks();
    assert_eq!(pair.closed(), Some(CloseReason::TransportLost));
}

#[test]
fn a_client_that_leaves_is_gone_at_once_and_its_poll_ended() {
    let mut pair = Pair::new();
    pair.settle();
    pair.client_leaves();
    pair.settle();
    assert_eq!(pair.closed(), Some(CloseReason::ClosedByClient));
    assert!(pair.is_quiet(), "no request is left without an answer");
}
