//! Appends entries to a journal while no server runs on it, much faster than pushing them.

use std::path::Path;

use journal::{Action, Content, Entry, Json, Seq, Tag, TopicName};
use store::{Journal, JournalOptions};

const BATCH: u64 = 10_000;

/// Appends so many `add`s to a topic that has no entries.
pub(crate) fn append(space: &Path, topic: &str, count: u64) {
    let mut journal = Journal::open(space, JournalOptions::new([7; 16])).expect("the journal opens");
    let topic = TopicName::new(topic).expect("a topic's name");
    for first in (1..=count).step_by(usize::try_from(BATCH).expect("a small number")) {
        let mut head = journal.head();
        let mut batch = Vec::new();
        for seq in first..=count.min(first + BATCH - 1) {
            let data = Json::parse(format!("{{\"id\":{seq}}}").as_bytes()).expect("it is JSON");
            let mut entry = Entry {
                position: head.position.next(),
                topic: topic.clone(),
                seq: Seq(seq),
                action: Action::Add,
                item: data.item_id().expect("it has an id"),
                content: Content::Present { salt: [0; 16], data: Some(data) },
                author: None,
                owner: None,
                key: None,
                client_time: None,
                request: None,
                time_ms: head.time_ms + 1,
                tag: Tag([0; 32]),
            };
            entry.tag = head.tag.then(&entry);
            head = store::Head { position: entry.position, tag: entry.tag, time_ms: entry.time_ms };
            batch.push(entry);
        }
        journal.append(&batch).expect("the batch continues the journal");
    }
}
