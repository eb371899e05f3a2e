//! What all views promise, run over every arm and judged by a naive model.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod support;

use std::fs;

use journal::{Action, Content, Entry, ItemId, Key, Position, TopicKind, TopicName, UserId};
use proptest::prelude::*;
use store::{Discarded, Journal, JournalOptions, KeyUse, Views, ViewsError, ViewsReader, ViewsSnapshot, ViewsStart};
use support::{Chain, IDENTITY, Wish, model::Model};
use tempfile::TempDir;

fn journal_of(entries: &[Entry]) -> Journal {
    journal_with(IDENTITY, entries)
}

fn journal_with(identity: [u8; 16], entries: &[Entry]) -> Journal {
    let mut journal = Journal::memory(JournalOptions::new(identity));
    journal.append(entries).unwrap();
    journal
}

/// Runs a promise over every arm, with empty views of a journal that has these entries.
fn check(entries: &[Entry], promise: impl Fn(Views)) {
    let journal = journal_of(entries).reader();
    promise(Views::memory(&journal).unwrap());
    let folder = TempDir::new().unwrap();
    let (views, start) = Views::open(folder.path(), &journal).unwrap();
    assert_eq!(start, ViewsStart::New);
    promise(views);
}

/// Holds every answer of the views against the model's.
fn judge(reader: &ViewsReader, entries: &[Entry]) {
    let (model, snapshot) = (Model(entries), reader.snapshot().unwrap());
    assert_eq!(snapshot.at().unwrap().0, entries.last().map_or(Position::START, |entry| entry.position));
    assert_eq!(reader.at().unwrap(), snapshot.at().unwrap());
    assert_eq!(all_topics(&snapshot), model.topics());
    for name in ["chat", "room/1", "site", "never"].map(|name| TopicName::new(name).unwrap()) {
        judge_topic(reader, &snapshot, &model, &name);
    }
    judge_keys(reader, &snapshot, &model);
    let present = entries.iter().map(|entry| model.item(&entry.topic, entry.item.as_ref()));
    let present: Vec<_> = present.map(|item| item.map(|item| item.last_position)).collect();
    assert_eq!(snapshot.present(entries).unwrap(), present);
}

fn judge_topic(reader: &ViewsReader, snapshot: &ViewsSnapshot, model: &Model<'_>, name: &TopicName) {
    assert_eq!(reader.topic(name).unwrap(), model.topic(name));
    assert_eq!(snapshot.topic(name).unwrap(), model.topic(name));
    let (items, positions) = (model.items(name), model.positions(name));
    assert_eq!(snapshot.items(name, Position::START, usize::MAX).unwrap(), items);
    assert_eq!(snapshot.positions(name, Position::START, usize::MAX).unwrap(), positions);
    for (index, item) in items.iter().enumerate() {
        let next: Vec<_> = items[index + 1..].iter().take(2).cloned().collect();
        assert_eq!(snapshot.items(name, item.first_position, 2).unwrap(), next);
    }
    for (index, position) in positions.iter().enumerate() {
        let next: Vec<_> = positions[index + 1..].iter().take(2).copied().collect();
        assert_eq!(snapshot.positions(name, *position, 2).unwrap(), next);
    }
    for id in ids() {
        assert_eq!(reader.item(name, id.as_ref()).unwrap(), model.item(name, id.as_ref()), "{id:?}");
        assert_eq!(snapshot.item(name, id.as_ref()).unwrap(), model.item(name, id.as_ref()), "{id:?}");
        for (author, id) in authors().iter().zip(id.iter().cycle()) {
            let last_add = model.last_add(name, author.as_ref(), id);
            assert_eq!(reader.last_add(name, author.as_ref(), id).unwrap(), last_add, "{author:?} {id:?}");
        }
    }
}

fn judge_keys(reader: &ViewsReader, snapshot: &ViewsSnapshot, model: &Model<'_>) {
    let mut found: Vec<KeyUse> = Vec::new();
    loop {
        let page = snapshot.keys(found.last(), 3).unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    for used in &found {
        let position = reader.key(&used.topic, used.author.as_ref(), &used.key).unwrap();
        assert_eq!(position, Some(used.position));
    }
    found.sort_by_key(|used| used.position);
    assert_eq!(found, model.keys());
    let unused = Key::new("never").unwrap();
    assert_eq!(reader.key(&TopicName::new("chat").unwrap(), None, &unused).unwrap(), None);
}

fn all_topics(snapshot: &ViewsSnapshot) -> Vec<store::Topic> {
    let mut topics: Vec<store::Topic> = Vec::new();
    loop {
        let after = topics.last().map_or(Position::START, |topic| topic.first_position);
        let page = snapshot.topics(after, 2).unwrap();
        if page.is_empty() {
            return topics;
        }
        topics.extend(page);
    }
}

/// Three and "3" are two ids; so is the document's none.
fn ids() -> Vec<Option<ItemId>> {
    let text = |id| Some(ItemId::text(id).unwrap());
    vec![text("a"), text("3"), Some(ItemId::integer(3).unwrap()), Some(ItemId::integer(-7).unwrap()), None]
}

fn authors() -> [Option<UserId>; 3] {
    [None, Some(UserId::new("ann").unwrap()), Some(UserId::new("bob").unwrap())]
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let action = prop_oneof![
        4 => Just(Action::Add), 3 => Just(Action::Update), 2 => Just(Action::Delete), 1 => Just(Action::Clear)
    ];
    let author = prop_oneof![Just(None), Just(Some("ann")), Just(Some("bob"))];
    let owner = prop_oneof![4 => Just(None), 1 => Just(Some("bob"))];
    let topic = prop_oneof![Just("chat"), Just("room/1"), Just("site")];
    let key = prop::option::weighted(0.4, "[a-c]");
    let wish = (action, author, owner, topic, prop::sample::select(ids()), key);
    let wish = wish.prop_map(|(action, author, owner, topic, item, key)| {
        let item = item.filter(|_| action != Action::Clear);
        Wish { author, owner, key, ..Wish::new(action, topic, item) }.data("{}")
    });
    prop::collection::vec(wish, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn views_answer_like_a_walk_over_all_entries(wishes in wishes(), size in 1_usize..30) {
        let mut chain = Chain::default();
        let entries: Vec<Entry> = wishes.into_iter().map(|wish| chain.next(wish)).collect();
        check(&entries, |mut views| {
            for batch in entries.chunks(size) {
                views.apply(batch).unwrap();
            }
            assert_eq!(views.at(), (chain.head.position, chain.head.tag));
            judge(&views.reader(), &entries);
        });
    }

    #[test]
    fn reopened_views_answer_alike_before_while_and_after_their_filters_are_loaded(wishes in wishes(), cut in 0_usize..60) {
        let mut chain = Chain::default();
        let entries: Vec<Entry> = wishes.into_iter().map(|wish| chain.next(wish)).collect();
        let (earlier, later) = entries.split_at(cut.min(entries.len()));
        let (before, after) = later.split_at(later.len() / 2);
        let folder = closed_views(earlier);
        let (mut views, start) = Views::open(folder.path(), &journal_of(&entries).reader()).unwrap();
        assert_eq!(start, ViewsStart::Kept);
        judge(&views.reader(), earlier);
        views.apply(before).unwrap();
        views.reader().load_filters().unwrap();
        judge(&views.reader(), &entries[..earlier.len() + before.len()]);
        views.apply(after).unwrap();
        judge(&views.reader(), &entries);
    }
}

#[test]
fn the_first_entry_makes_the_kind_of_a_topic() {
    let mut chain = Chain::default();
    let id = || Some(ItemId::text("a").unwrap());
    let entries = [
        chain.next(Wish::new(Action::Update, "site", None).data("{}")),
        chain.next(Wish::new(Action::Update, "list", id()).data("{}")),
        chain.next(Wish::new(Action::Clear, "cleared", None)),
        chain.next(Wish::add("chat", "a")),
    ];
    check(&entries, |mut views| {
        views.apply(&entries).unwrap();
        let kind = |name| views.reader().topic(&TopicName::new(name).unwrap()).unwrap().unwrap().kind;
        assert_eq!(kind("site"), TopicKind::Document);
        assert_eq!(["list", "cleared", "chat"].map(kind), [TopicKind::List; 3]);
    });
}

#[test]
fn a_snapshot_sees_one_state_whatever_is_applied_meanwhile() {
    let entries = Chain::default().adds(9);
    check(&entries, |mut views| {
        views.apply(&entries[..4]).unwrap();
        let snapshot = views.reader().snapshot().unwrap();
        views.apply(&entries[4..]).unwrap();
        assert_eq!(snapshot.at().unwrap().0, Position(4));
        let chat = TopicName::new("chat").unwrap();
        assert_eq!(snapshot.items(&chat, Position::START, 9).unwrap(), Model(&entries[..4]).items(&chat));
        drop(snapshot);
        judge(&views.reader(), &entries);
    });
}

#[test]
fn what_does_not_continue_the_views_is_refused_and_changes_nothing() {
    let entries = Chain::default().adds(6);
    let foreign = Chain::of([1; 16]).adds(6);
    check(&entries, |mut views| {
        views.apply(&entries[..3]).unwrap();
        let refused = |views: &mut Views, entries: &[Entry], found| {
            let at = Position(3);
            assert_eq!(views.apply(entries), Err(ViewsError::NotNext { found: Position(found), at }));
        };
        refused(&mut views, &entries[2..], 3);
        refused(&mut views, &entries[4..], 5);
        refused(&mut views, &[entries[3].clone(), entries[5].clone()], 6);
        refused(&mut views, &foreign[3..], 4);
        judge(&views.reader(), &entries[..3]);
        views.apply(&[]).unwrap();
        views.apply(&entries[3..]).unwrap();
        judge(&views.reader(), &entries);
    });
}

#[test]
fn a_reset_begins_anew_and_readers_see_it() {
    let entries = Chain::default().adds(6);
    check(&entries, |mut views| {
        let reader = views.reader();
        views.apply(&entries).unwrap();
        views.reset(&journal_of(&entries).reader()).unwrap();
        judge(&reader, &[]);
        views.apply(&entries).unwrap();
        judge(&reader, &entries);
    });
}

/// Views on disk of these entries, closed again.
fn closed_views(entries: &[Entry]) -> TempDir {
    closed_views_of(&journal_of(entries), entries)
}

fn closed_views_of(journal: &Journal, entries: &[Entry]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let (mut views, _) = Views::open(folder.path(), &journal.reader()).unwrap();
    views.apply(entries).unwrap();
    views.end().unwrap();
    folder
}

/// Opens views over a journal with these entries, expects them to start so, brings them up to date and judges them.
fn reopens(folder: &TempDir, entries: &[Entry], expected: ViewsStart) {
    let journal = journal_of(entries).reader();
    let (mut views, start) = Views::open(folder.path(), &journal).unwrap();
    assert_eq!(start, expected);
    let missing = journal.page(views.at().0, Position(u64::MAX), usize::MAX, usize::MAX).unwrap();
    views.apply(&missing).unwrap();
    judge(&views.reader(), entries);
}

#[test]
fn views_are_kept_over_a_restart_and_continue() {
    let mut chain = Chain::default();
    let mut entries = chain.adds(20);
    let folder = closed_views(&entries);
    entries.extend(chain.adds(5));
    reopens(&folder, &entries, ViewsStart::Kept);
}

#[test]
fn views_of_a_killed_process_are_whole_up_to_their_position() {
    let entries = Chain::default().adds(60);
    let folder = TempDir::new().unwrap();
    let journal = journal_of(&entries).reader();
    let (mut views, _) = Views::open(folder.path(), &journal).unwrap();
    for batch in entries.chunks(7) {
        views.apply(batch).unwrap();
        let killed = TempDir::new().unwrap();
        for file in ["views.db", "views.db-wal"] {
            fs::copy(folder.path().join(file), killed.path().join(file)).unwrap();
        }
        let (recovered, start) = Views::open(killed.path(), &journal).unwrap();
        assert_eq!((start, recovered.at()), (ViewsStart::Kept, views.at()));
        let done = usize::try_from(recovered.at().0.0).unwrap();
        judge(&recovered.reader(), &entries[..done]);
    }
}

#[test]
fn views_that_end_well_leave_no_log_for_the_next_start_to_read() {
    let entries = Chain::default().adds(20);
    let folder = TempDir::new().unwrap();
    let (mut views, _) = Views::open(folder.path(), &journal_of(&entries).reader()).unwrap();
    views.apply(&entries).unwrap();
    // Whoever looked keeps the file open, and does not mind.
    let reader = views.reader();
    judge(&reader, &entries);
    let log = folder.path().join("views.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    views.end().unwrap();
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    judge(&reader, &entries);
    reopens(&folder, &entries, ViewsStart::Kept);
}

#[test]
fn deleted_views_are_built_again_and_equal() {
    let entries = Chain::default().adds(20);
    let folder = closed_views(&entries);
    fs::remove_file(folder.path().join("views.db")).unwrap();
    reopens(&folder, &entries, ViewsStart::New);
}

#[test]
fn damaged_views_are_built_again_and_equal() {
    let entries = Chain::default().adds(20);
    let folder = closed_views(&entries);
    fs::write(folder.path().join("views.db"), b"not a database, but long enough to look at").unwrap();
    reopens(&folder, &entries, ViewsStart::Discarded(Discarded::Damaged));
}

#[test]
fn views_of_another_journal_are_built_again_and_equal() {
    // Another journal of the same length: only the tag tells.
    let foreign = Chain::of([1; 16]).adds(20);
    let folder = closed_views_of(&journal_with([1; 16], &foreign), &foreign);
    let entries = Chain::default().adds(20);
    reopens(&folder, &entries, ViewsStart::Discarded(Discarded::Diverged(Position(20))));
}

#[test]
fn views_ahead_of_a_journal_that_lost_its_tail_are_built_again() {
    let entries = Chain::default().adds(20);
    let folder = closed_views(&entries);
    reopens(&folder, &entries[..15], ViewsStart::Discarded(Discarded::Diverged(Position(20))));
}

#[test]
fn views_of_another_format_are_built_again() {
    let entries = Chain::default().adds(20);
    let folder = closed_views(&entries);
    let connection = rusqlite::Connection::open(folder.path().join("views.db")).unwrap();
    connection.execute("UPDATE meta SET format = 99", []).unwrap();
    drop(connection);
    reopens(&folder, &entries, ViewsStart::Discarded(Discarded::Format(99)));
}

#[test]
fn an_erased_entry_keeps_its_item_in_place() {
    let mut chain = Chain::default();
    let mut entries = chain.adds(3);
    let erased = Content::Erased { hash: [3; 32] };
    entries.push(chain.next_with("chat", Action::Add, Some(ItemId::text("x").unwrap()), erased, |_| {}));
    check(&entries, |mut views| {
        views.apply(&entries).unwrap();
        judge(&views.reader(), &entries);
    });
}
