//! The hash chain: `tag(n) = H(tag(n−1), H(header(n)), H(salt(n), data(n)))`.
//!
//! A lost tail, a restored backup or a flipped bit shows as a tag that does not follow from the one before. The
//! encoding below is a disk format: it carries a version and never changes under it.

use crate::{
    Entry, Json,
    entry::{Content, ContentHash, RequestDigest, Salt},
};

/// The version of the header encoding, hashed first.
const HEADER_VERSION: u8 = 1;

/// The hash chain up to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; 32]);

impl Tag {
    /// The tag of position 0 of a journal with this random identity: two journals never share a chain.
    #[must_use]
    pub fn genesis(journal_id: [u8; 16]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("tidings journal genesis v1");
        hasher.update(&journal_id);
        Self(*hasher.finalize().as_bytes())
    }

    /// The tag that `entry` must carry after `self`; the entry's own tag is not read.
    #[must_use]
    pub fn then(&self, entry: &Entry) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(header_hash(entry).as_bytes());
        hasher.update(&content_hash(&entry.content));
        Self(*hasher.finalize().as_bytes())
    }
}

/// What salt and data hash to.
#[must_use]
pub fn content_hash(content: &Content) -> ContentHash {
    match content {
        Content::Present { salt, data } => salted_hash(salt, data.as_ref()),
        Content::Erased { hash } => *hash,
    }
}

fn salted_hash(salt: &Salt, data: Option<&Json>) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt);
    match data {
        Some(data) => hasher.update(&[1]).update(data.as_bytes()),
        None => hasher.update(&[0]),
    };
    *hasher.finalize().as_bytes()
}

fn header_hash(entry: &Entry) -> blake3::Hash {
    let mut header = Header(Vec::with_capacity(192));
    header.0.push(HEADER_VERSION);
    header.number(entry.position.0);
    header.text(Some(entry.topic.as_str()));
    header.number(entry.seq.0);
    header.0.push(entry.action.code());
    header.item(entry);
    header.text(entry.author.as_ref().map(crate::UserId::as_str));
    header.text(entry.owner.as_ref().map(crate::UserId::as_str));
    header.text(entry.key.as_ref().map(crate::Key::as_str));
    header.text(entry.client_time.as_ref().map(crate::ClientTime::as_str));
    header.digest(entry.request.as_ref());
    header.number(entry.time_ms);
    blake3::hash(&header.0)
}

/// Fields one after the other, each with its length or presence first, so that no two headers read the same.
struct Header(Vec<u8>);

impl Header {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.0.push(1);
                self.number(text.len() as u64);
                self.0.extend_from_slice(text.as_bytes());
            }
            None => self.0.push(0),
        }
    }

    fn item(&mut self, entry: &Entry) {
        match &entry.item {
            None => self.0.push(0),
            Some(crate::ItemId::Integer(id)) => {
                self.0.push(2);
                self.0.extend_from_slice(&id.to_le_bytes());
            }
            Some(crate::ItemId::Text(id)) => self.text(Some(id)),
        }
    }

    fn digest(&mut self, digest: Option<&RequestDigest>) {
        match digest {
            Some(digest) => {
                self.0.push(1);
                self.0.extend_from_slice(digest);
            }
            None => self.0.push(0),
        }
    }
}
