//! The decision over a push, pure: what it needs to know, then yes, no, or "that was done already".
//!
//! Called by the writer, which finds the facts in the projections and in what is not yet projected. Permission comes in
//! three steps on purpose: the role first, then the key (a retry gets its first receipt even if the item has changed
//! hands since), then the item's owner.

use crate::{
    Action, Ask, EarlierPush, ItemFacts, ItemId, Json, Position, Principal, Push, Refusal, RequestDigest, Role, Rule,
    RuleBook, TopicFacts, TopicKind, UserId,
};

/// What must be looked up for a push, beyond the facts of its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The kind the topic has, or gets by this push.
    pub kind: TopicKind,
    /// The item it is about.
    pub item: Option<ItemId>,
    /// The earlier push with the same key.
    pub key: bool,
    /// Whether the item is there, and whose it is.
    pub presence: bool,
    /// The item's present data.
    pub data: bool,
    /// The author's latest `add` of that id.
    pub last_add: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The earlier push of the same author in the same topic with the same key.
    pub key: Option<EarlierPush>,
    /// The present item (or document).
    pub item: Option<ItemFacts>,
    /// The same author's latest `add` of that id.
    pub last_add: Option<EarlierPush>,
}

/// What is to be done about a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Number it and append it.
    Write(Draft),
    /// It was done; answer with the receipt of that position.
    Duplicate(Position),
    /// There is nothing to change; answer with the head.
    Unchanged,
}

/// An entry without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it does.
    pub action: Action,
    /// Which item.
    pub item: Option<ItemId>,
    /// The data, folded.
    pub data: Option<Json>,
    /// Who first added the item, if that is not the author.
    pub owner: Option<UserId>,
    /// What was asked, if the entry is not literally that.
    pub request: Option<RequestDigest>,
}

/// The first look at a push: the role, the topic's kind, and what else must be known.
pub fn needs(rules: &RuleBook, who: &Principal, push: &Push, topic: Option<TopicFacts>) -> Result<Needs, Refusal> {
    admit(rules, who, push, topic)?;
    let declared = || rules.kind(&push.topic).unwrap_or_else(|| push.kind_of_new_topic());
    let kind = topic.map_or_else(declared, |topic| topic.kind);
    let item = push.item(kind)?;
    let exists = topic.is_some();
    Ok(Needs {
        kind,
        item,
        key: exists && push.key.is_some(),
        presence: exists && push.ask != Ask::Clear,
        data: exists && push.ask == Ask::Patch,
        last_add: exists && push.ask == Ask::Add && push.key.is_none(),
    })
}

/// The decision, once the facts are there. `data_bytes_max` bounds what a patch may fold to.
pub fn decide(
    rules: &RuleBook,
    who: &Principal,
    push: &Push,
    topic: Option<TopicFacts>,
    needs: Needs,
    facts: Facts,
    data_bytes_max: usize,
) -> Result<Decision, Refusal> {
    if let Some(earlier) = &facts.key {
        return repeat_or_conflict(push, earlier);
    }
    if topic.is_none() && matches!(push.ask, Ask::Delete | Ask::Clear) {
        return Ok(Decision::Unchanged);
    }
    match push.ask {
        Ask::Add => add(who, push, needs, &facts),
        Ask::Clear => Ok(Decision::Write(Draft {
            action: Action::Clear,
            item: None,
            data: None,
            owner: None,
            request: None,
        })),
        Ask::Update | Ask::Patch | Ask::Delete => {
            own(rules, who, push, &facts)?;
            change(who, push, needs, facts, data_bytes_max)
        }
    }
}

fn admit(rules: &RuleBook, who: &Principal, push: &Push, topic: Option<TopicFacts>) -> Result<(), Refusal> {
    let of_topic = rules.rules(&push.topic);
    let rule = match (push.ask, topic) {
        (Ask::Clear, _) if of_topic.clear == Rule::Author => Rule::Admin,
        (Ask::Clear, _) => of_topic.clear,
        (_, Some(_)) => of_topic.write,
        (_, None) => rules.create(&push.topic),
    };
    if rule.admits(who) {
        return Ok(());
    }
    match who.role() {
        Role::Anonymous => Err(Refusal::Unauthorized),
        _ if topic.is_none() && of_topic.write.admits(who) => Err(Refusal::UnknownTopic),
        _ => Err(Refusal::Forbidden),
    }
}

fn repeat_or_conflict(push: &Push, earlier: &EarlierPush) -> Result<Decision, Refusal> {
    let same = earlier.digest.is_none_or(|digest| digest == push.digest());
    if same { Ok(Decision::Duplicate(earlier.position)) } else { Err(Refusal::KeyConflict) }
}

fn add(who: &Principal, push: &Push, needs: Needs, facts: &Facts) -> Result<Decision, Refusal> {
    if let Some(earlier) = &facts.last_add {
        let same_data = facts.item.is_some() && earlier.digest == Some(push.digest());
        // Without a name the author is nobody in particular, and a timestamp alone must not swallow another's message.
        let same_time =
            who.user().is_some() && push.client_time.is_some() && push.client_time == earlier.client_time;
        if same_data || same_time {
            return Ok(Decision::Duplicate(earlier.position));
        }
    }
    if facts.item.is_some() {
        return Err(Refusal::IdTaken);
    }
    Ok(Decision::Write(Draft {
        action: Action::Add,
        item: needs.item,
        data: push.data.clone(),
        owner: None,
        request: None,
    }))
}

/// Under the `author` rule only the item's first author and admins change it.
fn own(rules: &RuleBook, who: &Principal, push: &Push, facts: &Facts) -> Result<(), Refusal> {
    let guarded = rules.rules(&push.topic).write == Rule::Author && who.role() != Role::Admin;
    match &facts.item {
        Some(item) if guarded && !who.is(item.owner.as_ref()) => Err(Refusal::Forbidden),
        _ => Ok(()),
    }
}

fn change(
    who: &Principal,
    push: &Push,
    needs: Needs,
    facts: Facts,
    data_bytes_max: usize,
) -> Result<Decision, Refusal> {
    if push.ask == Ask::Delete && facts.item.is_none() {
        return Ok(Decision::Unchanged);
    }
    let (present, owner) = facts.item.map_or((None, None), |item| (item.data, item.owner));
    let data = match (push.ask, &push.data) {
        (Ask::Patch, Some(patch)) => {
            let base = present.unwrap_or_else(Json::empty_object);
            let folded = base.merge_patch(patch).map_err(|_| Refusal::BadData)?;
            if folded.as_bytes().len() > data_bytes_max {
                return Err(Refusal::TooLarge);
            }
            Some(folded)
        }
        (_, data) => data.clone(),
    };
    Ok(Decision::Write(Draft {
        action: if push.ask == Ask::Delete { Action::Delete } else { Action::Update },
        item: needs.item,
        data,
        owner: owner.filter(|owner| !who.is(Some(owner))),
        request: (push.ask == Ask::Patch).then(|| push.digest()),
    }))
}
