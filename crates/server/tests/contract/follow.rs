//! Following over sockets: the greeting, resuming, resets, filters, presence, marks.

use serde_json::{Value, json};

use crate::rig::{Packet, Poller, Site, Socket, patient, token};

fn cursor_in(connected: &Value) -> String {
    connected[1].as_str().expect("connected ends in its cursor").to_owned()
}

#[tokio::test]
async fn connected_says_who_and_where_one_is() {
    let site = Site::dev("").await;
    site.added("chat", json!({ "id": 1 })).await;
    let (_anonymous, anonymous) = site.socket_in("default", json!({})).await;
    let head = site.get("/api/sync/data").await.cursor();
    let mut expected = json!({ "message": "connected to Tidings", "space": "default", "clients": 1, "resumed": false });
    assert_eq!(anonymous, json!([expected, head]));
    let (_, connect, connected) =
        patient(Socket::enter(site.address, "default", &json!({ "token": token("ann", "member") }))).await.unwrap();
    expected["user"] = json!({ "id": "ann", "name": "ann" });
    expected["clients"] = json!(2);
    assert_eq!(connected[0], expected);
    assert!(connect["sid"].is_string() && connect["pid"].as_str().is_some_and(|pid| pid.len() <= 128), "{connect}");
}

#[tokio::test]
async fn a_cursor_brings_everything_after_it_in_order_and_then_live() {
    let site = Site::dev("").await;
    let (_, connected) = site.socket_in("default", json!({})).await;
    for id in 0..20 {
        site.added(&format!("t{}", id % 3), json!({ "id": id })).await;
    }
    let start = cursor_in(&connected);
    let (mut socket, resumed) = site.socket_in("default", json!({ "cursor": start })).await;
    assert_eq!(resumed[0]["resumed"], json!(true));
    assert_eq!(cursor_in(&resumed), start, "not the head, or a drop now would skip the rest");
    site.added("live", json!({ "id": 20 })).await;
    for id in 0..=20 {
        assert_eq!(patient(socket.update()).await.unwrap().body["data"]["id"], json!(id));
    }
}

#[tokio::test]
async fn a_stock_client_comes_back_with_its_pid_and_offset() {
    let mut site = Site::dev("").await;
    let (mut socket, connect, connected) = patient(Socket::enter(site.address, "default", &json!({}))).await.unwrap();
    let pid = connect["pid"].clone();
    for id in 0..3 {
        site.added("chat", json!({ "id": id })).await;
    }
    let first = patient(socket.update()).await.unwrap().cursor;
    for restarted in [false, true] {
        if restarted {
            site.restart(|_| {}).await;
        }
        let auth = json!({ "pid": pid, "offset": first, "cursor": cursor_in(&connected) });
        let (mut socket, connect, resumed) = patient(Socket::enter(site.address, "default", &auth)).await.unwrap();
        assert_eq!(
            (&connect["pid"], &resumed[0]["resumed"]),
            (&pid, &json!(true)),
            "the client takes itself for recovered"
        );
        assert_eq!(
            patient(socket.update()).await.unwrap().body["data"]["id"],
            json!(1),
            "the offset wins over a cursor"
        );
        let (mut socket, connect, resumed) =
            patient(Socket::enter(site.address, "default", &json!({ "pid": pid }))).await.unwrap();
        assert_eq!((&connect["pid"], &resumed[0]["resumed"]), (&pid, &json!(true)));
        assert_eq!(
            patient(socket.update()).await.unwrap().body["data"]["id"],
            json!(0),
            "a pid alone stands for its start"
        );
    }
}

#[tokio::test]
async fn a_cursor_that_does_not_fit_gets_a_fresh_pid_and_reset() {
    let site = Site::dev("").await;
    let foreign = Site::dev("").await;
    site.added("chat", json!({ "id": 1 })).await;
    foreign.added("chat", json!({ "id": 1 })).await;
    let stranger = foreign.get("/api/sync/data").await.cursor();
    let (_, connect, _) = patient(Socket::enter(foreign.address, "default", &json!({}))).await.unwrap();
    let cases = [
        (json!({ "cursor": "made-up" }), "unknown_cursor"),
        (json!({ "cursor": stranger }), "diverged"),
        (json!({ "pid": connect["pid"], "offset": "made-up" }), "unknown_cursor"),
        (json!({ "pid": connect["pid"] }), "diverged"),
    ];
    for (auth, reason) in cases {
        let (mut socket, answer, connected) = patient(Socket::enter(site.address, "default", &auth)).await.unwrap();
        assert_ne!(answer["pid"], connect["pid"], "{auth}");
        assert_eq!(connected[0]["resumed"], json!(false), "{auth}");
        let Packet::Event(name, arguments) = patient(socket.next()).await.unwrap() else { panic!("{auth}") };
        let head = site.get("/api/sync/data").await.cursor();
        assert_eq!((name.as_str(), arguments), ("reset", vec![json!({ "reason": reason }), json!(head)]), "{auth}");
        site.added("chat", json!({ "id": auth.to_string() })).await;
        assert_eq!(patient(socket.update()).await.unwrap().body["data"]["id"], json!(auth.to_string()));
    }
}

#[tokio::test]
async fn a_pid_that_is_not_ours_is_as_good_as_none() {
    let site = Site::dev("").await;
    site.added("chat", json!({ "id": 1 })).await;
    for pid in [json!("made-up"), json!("a".repeat(10_000)), json!(7), json!("__proto__"), json!({ "a": 1 })] {
        let (_, connected) = site.socket_in("default", json!({ "pid": pid, "offset": "x" })).await;
        assert_eq!(connected[0]["resumed"], json!(false), "{pid}");
    }
}

#[tokio::test]
async fn a_restored_backup_makes_newer_cursors_diverge() {
    let mut site = Site::dev("").await;
    site.added("chat", json!({ "id": 1 })).await;
    let kept = tempfile::TempDir::new().unwrap();
    let copy = kept.path().join("default");
    site.restart(|site| copy_folder(&site.space_folder("default"), &copy)).await;
    let old = site.added("chat", json!({ "id": "lost" })).await["cursor"].clone();
    site.restart(|site| {
        std::fs::remove_dir_all(site.space_folder("default")).unwrap();
        copy_folder(&copy, &site.space_folder("default"));
    })
    .await;
    let diverged = async |site: &Site| {
        let (mut socket, connected) = site.socket_in("default", json!({ "cursor": old })).await;
        assert_eq!(connected[0]["resumed"], json!(false));
        let told = patient(socket.next()).await.unwrap();
        assert!(format!("{told:?}").contains("diverged"), "{told:?}");
    };
    diverged(&site).await;
    site.added("chat", json!({ "id": "other" })).await;
    diverged(&site).await;
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn topics_are_followed_by_name_and_by_beginning() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({ "topics": ["news", "room/*"] })).await;
    for topic in ["chat", "room/1", "newsletter", "news", "room"] {
        site.added(topic, json!({ "id": 1 })).await;
    }
    site.added("room/end", json!({ "id": 1 })).await;
    for topic in ["room/1", "news", "room/end"] {
        assert_eq!(patient(socket.update()).await.unwrap().body["type"], json!(topic));
    }
    for bad in [json!("news"), json!([7]), json!(["*x"]), json!(vec!["a"; 1_001])] {
        let (_, answer) = patient(Socket::knock(site.address, "default", &json!({ "topics": bad }))).await.unwrap();
        let Packet::Refused(refused) = answer else { panic!("{bad}: {answer:?}") };
        assert_eq!(refused["data"]["code"], json!("bad_auth"));
    }
}

#[tokio::test]
async fn an_unknown_event_is_ignored_or_told_so_and_the_socket_stays() {
    let site = Site::dev("").await;
    let mut socket = site.socket(json!({ "token": token("ann", "member") })).await;
    socket.send(r#"42["no-such-event",{"a":1}]"#).await.unwrap();
    let answer = patient(socket.ask("no-such-event", &json!(1))).await.unwrap();
    assert_eq!(answer["code"], json!("unknown_event"));
    let push = json!({ "type": "chat", "action": "add", "data": { "id": 1 } });
    assert_eq!(patient(socket.push(&push)).await.unwrap()["success"], json!(true));
}

#[tokio::test]
async fn an_idle_socket_is_told_how_far_the_journal_has_come() {
    let site = Site::dev("").await;
    let mut idle = site.socket(json!({ "topics": ["quiet"] })).await;
    let mut pusher = site.socket(json!({ "token": token("ann", "member"), "topics": [] })).await;
    push_many(&mut pusher, "loud", 10_001).await;
    let Packet::Event(name, arguments) = patient(idle.next()).await.unwrap() else { panic!("a mark comes") };
    assert_eq!((name.as_str(), arguments.len()), ("mark", 1));
    let (mut socket, connected) =
        site.socket_in("default", json!({ "topics": ["quiet"], "cursor": arguments[0] })).await;
    assert_eq!(connected[0]["resumed"], json!(true));
    site.added("quiet", json!({ "id": 1 })).await;
    for follower in [&mut idle, &mut socket] {
        assert_eq!(patient(follower.update()).await.unwrap().body["type"], json!("quiet"));
    }
}

/// Adds so many items over a socket, a few hundred under way at once.
pub(crate) async fn push_many(socket: &mut Socket, topic: &str, count: u64) {
    let mut waiting = std::collections::VecDeque::new();
    for id in 0..count {
        let body = json!({ "type": topic, "action": "add", "data": { "id": id } });
        waiting.push_back(patient(socket.emit("push", &body)).await.unwrap());
        if waiting.len() == 500 {
            let answer = patient(socket.answer_to(waiting.pop_front().unwrap())).await.unwrap();
            assert_eq!(answer["success"], json!(true), "{answer}");
        }
    }
    for number in waiting {
        assert_eq!(patient(socket.answer_to(number)).await.unwrap()["success"], json!(true));
    }
}

#[tokio::test]
async fn long_polling_carries_the_same_and_resumes_the_same() {
    let site = Site::dev("").await;
    let mut poller = patient(Poller::knock(site.address, &json!({}))).await.unwrap();
    let Packet::Connected(connect) = patient(poller.next()).await.unwrap() else { panic!("CONNECT is answered first") };
    assert!(matches!(patient(poller.next()).await.unwrap(), Packet::Event(name, _) if name == "connected"));
    for id in 0..3 {
        site.added("chat", json!({ "id": id })).await;
    }
    let mut cursors = Vec::new();
    for id in 0..3 {
        let update = patient(poller.next()).await.unwrap().update().expect("updates come in order");
        assert_eq!(update.body["data"]["id"], json!(id));
        cursors.push(update.cursor);
    }
    drop(poller);
    let mut again =
        patient(Poller::knock(site.address, &json!({ "pid": connect["pid"], "offset": cursors[0] }))).await.unwrap();
    let Packet::Connected(back) = patient(again.next()).await.unwrap() else { panic!("CONNECT is answered first") };
    assert_eq!(back["pid"], connect["pid"]);
    assert!(matches!(patient(again.next()).await.unwrap(), Packet::Event(name, _) if name == "connected"));
    for id in 1..3 {
        assert_eq!(patient(again.next()).await.unwrap().update().expect("an update").body["data"]["id"], json!(id));
    }
}
