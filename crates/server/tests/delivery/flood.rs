//! More pushes than the disk takes: what may wait is bounded in bytes, and the rest is told to come again.

use journal::{Ask, Json, Principal, Push, Refusal, TopicName, UserId};
use server::{limits::WAITING_PUSHES_BYTES_MAX, sync::Reply};
use space::Request;
use tokio::sync::oneshot;

use crate::rig::{Site, patient};

const TEXT_BYTES: usize = 900_000;

fn push(id: usize) -> Push {
    let data = format!(r#"{{"id":{id},"text":"{}"}}"#, "x".repeat(TEXT_BYTES));
    let data = Json::parse(data.as_bytes()).expect("it is JSON");
    Push::new(TopicName::new("chat").unwrap(), Ask::Add, Some(data)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_wait_are_bounded_in_bytes_and_the_rest_is_told_to_come_again() {
    let site = Site::dev("").await;
    site.takes_pushes().await;
    let running = &site.server().api().spaces["default"];
    let who = Principal::member(UserId::new("ann").unwrap());
    // Far more than may wait, and ready beforehand, so that no writer keeps up.
    let pushes: Vec<_> = (0..4 * WAITING_PUSHES_BYTES_MAX / TEXT_BYTES).map(push).collect();
    let count = pushes.len();
    let (mut waiting, mut busy) = (Vec::new(), 0);
    for push in pushes {
        let (sender, answer) = oneshot::channel();
        match running.push(Request { who: who.clone(), push, reply: Reply::Wait(sender) }) {
            Ok(()) => waiting.push(answer),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Busy);
                busy += 1;
            }
        }
    }
    println!("{} of {count} pushes could wait, {busy} were put off", waiting.len());
    assert!(busy > 0, "nothing bounds what waits");
    assert!(waiting.len() * TEXT_BYTES >= WAITING_PUSHES_BYTES_MAX / 2, "the bound is used");
    for answer in waiting {
        patient(answer).await.expect("whoever waits is answered").expect("and taken");
    }
    let (sender, answer) = oneshot::channel();
    running.push(Request { who, push: push(count), reply: Reply::Wait(sender) }).expect("there is room again");
    patient(answer).await.unwrap().unwrap();
}
