//! The store on a disk that loses power, where a whole world would meet it too seldom.

use journal::{Action, Content, Entry, ItemId, Json, Position, Seq, TopicName};
use store::{Journal, JournalOptions, Views};

use super::{Disk, Weather};
use crate::random::Random;

/// Entries of one batch: several pages of the views.
const BATCH_ENTRIES: u64 = 120;

fn open(disk: &Disk) -> (Journal, Views) {
    let folder = disk.root().join("space");
    let options = JournalOptions { disk: disk.as_store(), ..JournalOptions::new([7; 16]) };
    let journal = Journal::open(&folder, options).unwrap();
    let (views, _) = Views::open(&folder, &journal.reader()).unwrap();
    (journal, views)
}

fn batch(journal: &Journal) -> Vec<Entry> {
    let mut head = journal.head();
    let entry = |_| {
        let position = head.position.next();
        let mut entry = Entry {
            position,
            topic: TopicName::new("t").unwrap(),
            seq: Seq(position.0),
            action: Action::Add,
            item: Some(ItemId::integer(position.0 as i64).unwrap()),
            content: Content::Present { salt: [0; 16], data: Some(Json::empty_object()) },
            author: None,
            owner: None,
            key: None,
            client_time: None,
            request: None,
            time_ms: 0,
            tag: head.tag,
        };
        entry.tag = head.tag.then(&entry);
        (head.position, head.tag) = (position, entry.tag);
        entry
    };
    (0..BATCH_ENTRIES).map(entry).collect()
}

fn append_and_apply(journal: &mut Journal, views: &mut Views) {
    let entries = batch(journal);
    journal.append(&entries).unwrap();
    views.apply(&entries).unwrap();
}

/// How far the views say they are, and how far what is in them goes.
fn reached(views: &Views) -> (Position, Position) {
    let snapshot = views.reader().snapshot().unwrap();
    let items = snapshot.items(&TopicName::new("t").unwrap(), Position::START, usize::MAX).unwrap();
    (views.at().0, items.last().map_or(Position::START, |item| item.last_position))
}

/// SQLite does not look whether its log's name reached the disk. Without the log, views that a checkpoint had begun to move
/// would be neither old nor new.
#[test]
fn views_whose_log_lost_its_name_in_the_middle_of_a_checkpoint_are_whole() {
    for seed in 0..42 {
        // The checkpoint syncs the log, writes seven pages and syncs them.
        let calls = 2 + seed % 7;
        let disk = Disk::new(Random::new(seed));
        // A server that ended in order left whole views without a log.
        let (mut journal, mut views) = open(&disk);
        append_and_apply(&mut journal, &mut views);
        views.end().unwrap();
        drop(journal);
        disk.set_weather(Weather { log_name_fails_one_in: 1, ..Weather::FAIR });
        let (mut journal, mut views) = open(&disk);
        append_and_apply(&mut journal, &mut views);
        disk.die_after(calls);
        let _ = views.checkpoint();
        disk.lose_power();
        drop((journal, views));
        disk.set_weather(Weather::FAIR);
        let (said, there) = reached(&open(&disk).1);
        assert_eq!(said, there, "seed {seed}, cut after {calls} calls");
    }
}

/// After a failed sync, memory shows a log that the disk does not have, and the next sync says that all is well. A checkpoint of that,
/// cut short, would leave views that are neither old nor new, and nothing to mend them from.
#[test]
fn views_whose_log_could_not_be_synced_are_whole_whether_the_process_ends_or_another_goes_on() {
    for (seed, goes_on) in (0..200).flat_map(|seed| [(seed, false), (seed, true)]) {
        let disk = Disk::new(Random::new(seed));
        let (mut journal, mut views) = open(&disk);
        append_and_apply(&mut journal, &mut views);
        views.end().unwrap();
        drop(journal);
        let (mut journal, mut views) = open(&disk);
        append_and_apply(&mut journal, &mut views);
        disk.set_weather(Weather { sync_fails_one_in: 1, ..Weather::FAIR });
        assert!(views.checkpoint().is_err());
        disk.set_weather(Weather::FAIR);
        // A checkpoint syncs the log, writes seven pages and syncs them.
        let calls = 2 + seed % 7;
        if goes_on {
            drop((journal, views));
            let (journal, mut views) = open(&disk);
            disk.die_after(calls);
            let _ = views.checkpoint();
            disk.lose_power();
            drop((journal, views));
        } else {
            disk.die_after(calls);
            drop(views);
            disk.lose_power();
            drop(journal);
        }
        let (said, there) = reached(&open(&disk).1);
        assert_eq!(said, there, "seed {seed}, goes on {goes_on}, cut after {calls} calls");
    }
}

/// The switch to a write-ahead log is a commit of its own, which may fail like any other, and says so last of all.
#[test]
fn a_segment_that_was_written_to_has_its_log_whatever_failed_on_the_way() {
    let (mut written, mut refused) = (0, 0);
    for seed in 0..600 {
        let disk = Disk::new(Random::new(seed));
        let folder = disk.root().join("space");
        let options = JournalOptions { disk: disk.as_store(), ..JournalOptions::new([7; 16]) };
        let mut journal = Journal::open(&folder, JournalOptions { segment_entries_max: 1, ..options }).unwrap();
        let (first, log) = (batch(&journal), folder.join(format!("journal/{:020}.db-wal", BATCH_ENTRIES + 1)));
        journal.append(&first).unwrap();
        disk.set_weather(Weather { sync_fails_one_in: 8, ..Weather::FAIR });
        let second = batch(&journal);
        if journal.append(&second).is_ok() {
            written += 1;
            assert!(disk.with(|calls| calls.exists(log.to_str().unwrap())), "seed {seed}");
        } else {
            refused += 1;
        }
    }
    assert!(written > 50 && refused > 50, "{written} written, {refused} refused");
}
