//! The naive judge of views: answers every question by walking all entries.

use journal::{Action, Entry, ItemId, Key, Position, Seq, TopicKind, TopicName, UserId};
use store::{Item, KeyUse, Topic};

pub(crate) struct Model<'a>(pub(crate) &'a [Entry]);

impl Model<'_> {
    fn of<'b>(&'b self, topic: &'b TopicName) -> impl DoubleEndedIterator<Item = &'b Entry> {
        self.0.iter().filter(move |entry| entry.topic == *topic)
    }

    pub(crate) fn topics(&self) -> Vec<Topic> {
        let firsts = self.0.iter().filter(|entry| entry.seq == Seq(1));
        firsts.map(|first| self.topic(&first.topic).unwrap()).collect()
    }

    pub(crate) fn topic(&self, name: &TopicName) -> Option<Topic> {
        let (first, last) = (self.of(name).next()?, self.of(name).next_back()?);
        let clear = self.of(name).rfind(|entry| entry.action == Action::Clear);
        let is_document = first.action == Action::Update && first.item.is_none();
        Some(Topic {
            name: name.clone(),
            kind: if is_document { TopicKind::Document } else { TopicKind::List },
            seq: last.seq,
            first_position: first.position,
            last_position: last.position,
            cleared_position: clear.map_or(Position::START, |entry| entry.position),
        })
    }

    pub(crate) fn items(&self, topic: &TopicName) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for entry in self.of(topic) {
            let place = items.iter().position(|item| item.id == entry.item);
            match (entry.action, place) {
                (Action::Clear, _) => items.clear(),
                (Action::Delete, None) => {}
                (Action::Update, Some(place)) => items[place].last_position = entry.position,
                (action, place) => {
                    place.map(|place| items.remove(place));
                    items.extend((action != Action::Delete).then(|| Item {
                        id: entry.item.clone(),
                        first_position: entry.position,
                        last_position: entry.position,
                        owner: entry.owner().cloned(),
                    }));
                }
            }
        }
        items
    }

    pub(crate) fn item(&self, topic: &TopicName, id: Option<&ItemId>) -> Option<Item> {
        self.items(topic).into_iter().find(|item| item.id.as_ref() == id)
    }

    pub(crate) fn positions(&self, topic: &TopicName) -> Vec<Position> {
        self.of(topic).map(|entry| entry.position).collect()
    }

    pub(crate) fn key(&self, topic: &TopicName, author: Option<&UserId>, key: &Key) -> Option<Position> {
        let mut with_key = self.of(topic).filter(|entry| entry.key.as_ref() == Some(key));
        with_key.find(|entry| entry.author.as_ref() == author).map(|entry| entry.position)
    }

    pub(crate) fn keys(&self) -> Vec<KeyUse> {
        let used = |entry: &Entry| {
            let (topic, author, key) = (entry.topic.clone(), entry.author.clone(), entry.key.clone()?);
            let position = self.key(&topic, author.as_ref(), &key)?;
            (position == entry.position).then_some(KeyUse { topic, author, key, position })
        };
        self.0.iter().filter_map(used).collect()
    }

    pub(crate) fn last_add(&self, topic: &TopicName, author: Option<&UserId>, id: &ItemId) -> Option<Position> {
        let adds = self.of(topic).filter(|entry| entry.action == Action::Add && entry.item.as_ref() == Some(id));
        adds.rev().find(|entry| entry.author.as_ref() == author).map(|entry| entry.position)
    }
}
