//! A push as a client asks for it, and what must be known to decide it.

use crate::{
    ClientTime, Content, Entry, ItemId, Json, JsonKind, Key, Position, Refusal, RequestDigest, Seq, TopicKind,
    TopicName, UserId,
};

/// What a client asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A new item.
    Add,
    /// Replace or create.
    Update,
    /// Merge into what is there (RFC 7396).
    Patch,
    /// Remove.
    Delete,
    /// Remove all.
    Clear,
}

impl Ask {
    /// Reads the word on the wire.
    pub fn new(word: &str) -> Result<Self, Refusal> {
        match word {
            "add" => Ok(Self::Add),
            "update" => Ok(Self::Update),
            "patch" => Ok(Self::Patch),
            "delete" => Ok(Self::Delete),
            "clear" => Ok(Self::Clear),
            _ => Err(Refusal::UnknownAction),
        }
    }

    /// The number in request digests. The four that are journaled as asked carry their action's number.
    fn code(self) -> u8 {
        match self {
            Self::Add => 1,
            Self::Update => 2,
            Self::Delete => 3,
            Self::Clear => 4,
            Self::Patch => 5,
        }
    }
}

/// A push of the right shape: the data fits the action, the id is an id. What the topic is decides the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The topic to change.
    pub topic: TopicName,
    /// What to do.
    pub ask: Ask,
    /// `data.id`, if it has one.
    pub id: Option<ItemId>,
    /// An object; `{"id":…}` for a delete; nothing for a clear.
    pub data: Option<Json>,
    /// The client's idempotency key.
    pub key: Option<Key>,
    /// The client's own timestamp.
    pub client_time: Option<ClientTime>,
}

impl Push {
    /// Checks the shape of a push.
    pub fn new(topic: TopicName, ask: Ask, data: Option<Json>) -> Result<Self, Refusal> {
        let data = data.filter(|data| data.kind() != JsonKind::Null);
        let (id, data) = match (ask, data) {
            (Ask::Clear, None) => (None, None),
            (Ask::Clear, Some(_)) | (_, None) => return Err(Refusal::BadData),
            (_, Some(data)) if data.kind() != JsonKind::Object => return Err(Refusal::BadData),
            (Ask::Delete, Some(data)) => {
                let id = id_of(&data)?.ok_or(Refusal::MissingId)?;
                let data = Json::object_with_id(&id);
                (Some(id), Some(data))
            }
            // A document may carry any `id`; only where it names an item must it be one.
            (Ask::Update | Ask::Patch, Some(data)) => (id_of(&data).ok().flatten(), Some(data)),
            (Ask::Add, Some(data)) => (Some(id_of(&data)?.ok_or(Refusal::MissingId)?), Some(data)),
        };
        Ok(Self { topic, ask, id, data, key: None, client_time: None })
    }

    /// What the client asked for, in sixteen bytes.
    #[must_use]
    pub fn digest(&self) -> RequestDigest {
        request_digest(self.ask.code(), self.data.as_ref())
    }

    /// The kind that this push gives to a topic that nobody declared and that has no entries.
    #[must_use]
    pub fn kind_of_new_topic(&self) -> TopicKind {
        match (self.ask, &self.id) {
            (Ask::Update | Ask::Patch, None) => TopicKind::Document,
            _ => TopicKind::List,
        }
    }

    /// The item this push is about in a topic of that kind, or why there is none.
    pub fn item(&self, kind: TopicKind) -> Result<Option<ItemId>, Refusal> {
        match (kind, self.ask) {
            (_, Ask::Clear) => Ok(None),
            (TopicKind::Document, Ask::Update | Ask::Patch) => Ok(None),
            (TopicKind::Document, Ask::Add | Ask::Delete) => Err(Refusal::IsDocument),
            (TopicKind::List, _) => match (&self.id, &self.data) {
                (Some(id), _) => Ok(Some(id.clone())),
                (None, Some(data)) => Err(id_of(data).err().unwrap_or(Refusal::MissingId)),
                (None, None) => Err(Refusal::MissingId),
            },
        }
    }
}

fn id_of(data: &Json) -> Result<Option<ItemId>, Refusal> {
    data.item_id().map_err(|_| Refusal::BadId)
}

fn request_digest(code: u8, data: Option<&Json>) -> RequestDigest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[code]);
    if let Some(data) = data {
        hasher.update(data.as_bytes());
    }
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

/// What the writer knows of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicFacts {
    /// What it holds.
    pub kind: TopicKind,
    /// The seq of its last entry.
    pub seq: Seq,
}

/// What the writer knows of a present item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    /// Who first added it.
    pub owner: Option<UserId>,
    /// Its present data, where a patch needs it.
    pub data: Option<Json>,
}

/// What the writer knows of an earlier push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierPush {
    /// Where it stands.
    pub position: Position,
    /// What was asked; none once the entry is erased.
    pub digest: Option<RequestDigest>,
    /// The client's own timestamp.
    pub client_time: Option<ClientTime>,
}

impl EarlierPush {
    /// What an entry tells of the push that made it.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let literal = || match entry.content {
            Content::Present { .. } => Some(request_digest(entry.action.code(), entry.data())),
            Content::Erased { .. } => None,
        };
        Self {
            position: entry.position,
            digest: entry.request.or_else(literal),
            client_time: entry.client_time.clone(),
        }
    }
}
