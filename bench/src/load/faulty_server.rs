//! A server that makes a planted fault on one of its sockets, and the tests that the whole way from the socket to the
//! judgement finds it: connecting, reading, comparing, counting.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
};

use super::{Plan, Progress, PushPlan, Target, spawn_followers, spawn_pushers};
use crate::{
    check::{Counts, Pushed, Window, server_messages},
    clock::Clock,
    dialect::Dialect,
};

const FOLLOWERS: usize = 20;

/// The follower that gets something else than the others.
const ODD: usize = 7;

const MESSAGES: u32 = 50;

/// Serves that many sockets: what is sent to each, in the order in which they are accepted, and whether it is then ended.
/// Sends nothing before it is told to.
fn serve(streams: Vec<(Vec<u8>, bool)>, go: Receiver<()>) -> (SocketAddrV4, JoinHandle<Vec<TcpStream>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("we bound to IPv4") };
    let thread = std::thread::spawn(move || {
        let mut sockets: Vec<_> = streams.iter().map(|_| greeted(listener.accept().unwrap().0)).collect();
        go.recv().unwrap();
        // In pieces that cut frames anywhere, round and round, so that nobody is always first.
        for piece in 0..streams.iter().map(|(bytes, _)| bytes.len()).max().unwrap().div_ceil(333) {
            for (socket, (bytes, _)) in sockets.iter_mut().zip(&streams) {
                socket.write_all(bytes.chunks(333).nth(piece).unwrap_or_default()).unwrap();
            }
        }
        let kept = sockets.into_iter().zip(streams).filter(|(_, (_, ends))| !ends);
        kept.map(|(socket, _)| socket).collect()
    });
    (address, thread)
}

/// Says what comes before the messages, without looking closely at the client.
fn greeted(mut socket: TcpStream) -> TcpStream {
    let mut buffer = [0; 4096];
    assert!(socket.read(&mut buffer).unwrap() > 0);
    socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x030{}").unwrap();
    assert!(socket.read(&mut buffer).unwrap() > 0);
    socket.write_all(b"\x81\x0440{}").unwrap();
    socket
}

/// What is counted when the odd follower gets those messages, and is ended then or not.
fn counted(odd: &[u32], ends: bool) -> Counts {
    let all: Vec<u32> = (1..=MESSAGES).collect();
    let stream = |follower| {
        if follower == ODD { (server_messages(odd), ends) } else { (server_messages(&all), false) }
    };
    let (going, go) = channel();
    let (address, serving) = serve((0..FOLLOWERS).map(stream).collect(), go);
    let progress = Arc::<Progress>::default();
    let shared = (Clock::start(), Window::closed(), Arc::clone(&progress));
    let target = Target { address, token: None, dialect: Dialect::SocketIo };
    let mut crowd = spawn_followers(target, 1, &[], shared).unwrap();
    crowd.open(FOLLOWERS, |_| Plan::of_everything()).unwrap();
    going.send(()).unwrap();
    let due = (FOLLOWERS - 1) * all.len() + odd.len();
    assert!(crowd.until_delivered(due as u64));
    let sockets = serving.join().unwrap();
    if ends {
        assert!(crowd.until_failed(1));
    }
    let counts = crowd.end().unwrap().judge(|_| Pushed { last: vec![MESSAGES], ..Pushed::default() });
    drop(sockets);
    assert_eq!(counts.delivered, due as u64);
    Counts { delivered: 0, ..counts }
}

#[test]
fn a_server_without_faults_is_clean() {
    let all: Vec<u32> = (1..=MESSAGES).collect();
    assert_eq!(counted(&all, false), Counts::default());
}

#[test]
fn one_message_lost_on_one_socket_of_twenty_is_found() {
    let odd: Vec<u32> = (1..=MESSAGES).filter(|number| *number != 23).collect();
    assert_eq!(counted(&odd, false), Counts { lost: 1, ..Counts::default() });
}

#[test]
fn one_message_doubled_is_found() {
    let odd: Vec<u32> = (1..=23).chain(23..=MESSAGES).collect();
    assert_eq!(counted(&odd, false), Counts { doubled: 1, ..Counts::default() });
}

#[test]
fn two_messages_swapped_are_found() {
    let mut odd: Vec<u32> = (1..=MESSAGES).collect();
    odd.swap(22, 23);
    assert_eq!(counted(&odd, false), Counts { reordered: 1, ..Counts::default() });
}

#[test]
fn a_socket_that_is_cut_off_is_found_with_what_it_missed() {
    let odd: Vec<u32> = (1..=40).collect();
    assert_eq!(counted(&odd, true), Counts { lost: 10, cut: 1, ..Counts::default() });
}

/// Serves pushes over HTTP, but ends the first connection in place of its answer.
fn serve_pushes() -> SocketAddrV4 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("we asked for IPv4") };
    std::thread::spawn(move || {
        for (index, socket) in listener.incoming().enumerate() {
            let mut socket = socket.unwrap();
            let mut buffer = [0; 4096];
            while socket.read(&mut buffer).unwrap_or(0) > 0 && index > 0 {
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"result\":{}}").unwrap();
            }
        }
    });
    address
}

#[test]
fn a_push_whose_answer_was_given_up_is_unsure_and_its_pusher_comes_back_where_servers_do_that() {
    let pushed = |dialect| {
        let target = Target { address: serve_pushes(), token: None, dialect };
        let shared = (Clock::start(), Window::closed(), Arc::default());
        let plan = PushPlan { pushes_max: 5, ..PushPlan::default() };
        spawn_pushers(&target, plan, shared).unwrap().wait()
    };
    let report = pushed(Dialect::Centrifugo).unwrap();
    assert_eq!((report.accepted, report.may_arrive()), (4, 5));
    assert_eq!(report.pushed.unsure.into_iter().collect::<Vec<_>>(), [(0, 1)]);
    assert!(pushed(Dialect::SocketIo).is_err(), "nobody else has a reason to");
}
