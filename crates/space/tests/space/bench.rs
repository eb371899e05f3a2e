//! The bench that every test works on: one space with its writer and projector, stepped by hand.

use std::{path::PathBuf, sync::Arc};

use journal::{
    Ask, Cursor, CursorKey, Declaration, Encode, Entry, Filter, Json, Key, Pattern, Principal, Push, Rule, RuleBook,
    Span, TopicName, TopicRules, Undeclared, UserId,
};
use space::{Answer, Bounds, Projector, Request, Space, SpaceOptions, Writer};
use tempfile::TempDir;

/// Encodes as `position topic action data author`, behind a frame of one byte.
pub(crate) struct Plain;

impl Encode for Plain {
    fn encode(&self, entry: &Entry, _: &Cursor, out: &mut Vec<u8>) -> Span {
        let start = u32::try_from(out.len()).unwrap();
        out.push(b'|');
        out.extend_from_slice(line(entry).as_bytes());
        Span { start, payload: start + 1, end: u32::try_from(out.len()).unwrap() }
    }
}

pub(crate) fn line(entry: &Entry) -> String {
    let data = entry.data().map_or("-".to_owned(), |data| format!("{data:?}"));
    let author = entry.author.as_ref().map_or("-", UserId::as_str);
    format!("{} {} {} {data} {author}", entry.position, entry.topic, entry.action.as_str())
}

/// Where a bench keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    InMemory,
    OnDisk,
}

pub(crate) const BOTH: [Kept; 2] = [Kept::InMemory, Kept::OnDisk];

pub(crate) struct Bench {
    pub(crate) space: Arc<Space>,
    pub(crate) writer: Writer,
    pub(crate) projector: Projector,
    pub(crate) now_ms: u64,
    pub(crate) faults: store::Faults,
    pub(crate) views: store::ViewsReader,
    bounds: Bounds,
    salts: u8,
    folder: Option<TempDir>,
}

pub(crate) fn rules() -> RuleBook {
    let declare = |name: &str, read, write| Declaration {
        pattern: Pattern::new(name).unwrap(),
        kind: None,
        rules: TopicRules { read, write, clear: Rule::Admin },
    };
    RuleBook::new(
        vec![declare("own", Rule::Author, Rule::Author), declare("desk", Rule::Admin, Rule::Admin)],
        Undeclared::OPEN,
    )
}

fn options(bounds: Bounds) -> SpaceOptions {
    SpaceOptions {
        rules: rules(),
        keys: CursorKey::new([3; 32]),
        encoder: Arc::new(Plain),
        data_bytes_max: 1_000,
        bounds,
    }
}

impl Bench {
    pub(crate) fn new(kept: Kept) -> Self {
        Self::bounded(kept, Bounds::default())
    }

    pub(crate) fn bounded(kept: Kept, bounds: Bounds) -> Self {
        let folder = (kept == Kept::OnDisk).then(|| tempfile::tempdir().unwrap());
        Self::open(folder, bounds)
    }

    fn open(folder: Option<TempDir>, bounds: Bounds) -> Self {
        let mut journal_options = store::JournalOptions::new([5; 16]);
        let faults = store::Faults::default();
        journal_options.faults = faults.clone();
        let (journal, views) = match &folder {
            Some(folder) => {
                let journal = store::Journal::open(folder.path(), journal_options).unwrap();
                let (views, _) = store::Views::open(folder.path(), &journal.reader()).unwrap();
                (journal, views)
            }
            None => {
                let journal = store::Journal::memory(journal_options);
                let views = store::Views::memory(&journal.reader()).unwrap();
                (journal, views)
            }
        };
        let space = Space::new(options(bounds), &journal, &views);
        let of_views = views.reader();
        let mut projector = Projector::new(Arc::clone(&space), views);
        while projector.step().unwrap().1 {}
        let writer = Writer::open(Arc::clone(&space), journal).unwrap();
        Self { space, writer, projector, now_ms: 1_000, faults, views: of_views, bounds, salts: 0, folder }
    }

    /// Closes everything and opens it again; only for benches on disk.
    pub(crate) fn reopened(self) -> Self {
        let (folder, bounds) = self.closed();
        Self::open(folder, bounds)
    }

    /// Closes everything, deletes the projections and opens it again; only for benches on disk.
    pub(crate) fn reopened_without_views(self) -> Self {
        let file = self.views_file();
        let (folder, bounds) = self.closed();
        std::fs::remove_file(file).unwrap();
        Self::open(folder, bounds)
    }

    fn closed(self) -> (Option<TempDir>, Bounds) {
        let Self { space, writer, projector, views, bounds, folder, .. } = self;
        drop((space, writer, projector, views));
        (folder, bounds)
    }

    pub(crate) fn views_file(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("views.db")
    }

    /// One batch, not projected.
    pub(crate) fn batch(&mut self, pushes: Vec<(Principal, Push)>) -> Vec<Answer> {
        let requests = pushes.into_iter().map(|(who, push)| Request { who, push, reply: () }).collect();
        let salts = &mut self.salts;
        let mut salt = || {
            *salts = salts.wrapping_add(1);
            [*salts; 16]
        };
        let step = self.writer.step(self.now_ms, &mut salt, requests);
        step.answers.into_iter().map(|((), answer)| answer).collect()
    }

    /// One push in a batch of its own.
    pub(crate) fn push(&mut self, who: &Principal, push: Push) -> Answer {
        self.batch(vec![(who.clone(), push)]).remove(0)
    }

    pub(crate) fn project(&mut self) {
        while self.projector.step().unwrap().1 {}
    }

    /// One transaction of the projector.
    pub(crate) fn project_once(&mut self) {
        self.projector.step().unwrap();
    }

    /// The lines of one page.
    pub(crate) fn page(&self, after: u64, who: &Principal, filter: &Filter) -> Vec<String> {
        let page = self.space.page(journal::Position(after), self.space.head(), who, filter).unwrap();
        let text =
            |span: &Span| String::from_utf8(page.bytes[span.payload as usize..span.end as usize].to_vec()).unwrap();
        page.spans.iter().map(text).collect()
    }

    /// The present state, topic by topic.
    pub(crate) fn state(&self, who: &Principal) -> Vec<(String, Vec<String>)> {
        let topics = self.space.snapshot(who, &Filter::Everything, |_| ()).unwrap();
        let data = |mut items: &[journal::Position]| {
            let mut texts = Vec::new();
            while !items.is_empty() {
                let (data, covered) = self.space.items(items).unwrap();
                texts.extend(data.iter().map(|data| format!("{data:?}")));
                items = &items[covered..];
            }
            texts
        };
        topics.iter().map(|topic| (topic.name.to_string(), data(&topic.items))).collect()
    }
}

pub(crate) fn topic(name: &str) -> TopicName {
    TopicName::new(name).unwrap()
}

pub(crate) fn member(name: &str) -> Principal {
    Principal::member(UserId::new(name).unwrap())
}

pub(crate) fn admin() -> Principal {
    Principal::admin(UserId::new("root").unwrap())
}

pub(crate) fn push(name: &str, ask: Ask, data: &str) -> Push {
    let data = (!data.is_empty()).then(|| Json::parse(data.as_bytes()).unwrap());
    Push::new(topic(name), ask, data).unwrap()
}

pub(crate) fn add(name: &str, id: u64) -> Push {
    push(name, Ask::Add, &format!(r#"{{"id":{id}}}"#))
}

pub(crate) fn keyed(mut push: Push, key: &str) -> Push {
    push.key = Some(Key::new(key).unwrap());
    push
}
