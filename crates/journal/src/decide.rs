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
        Ask::Clear => {
            Ok(Decision::Write(Draft { action: Action::Clear, item: None, data: None, owner: None, request: None }))
        }
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
        _ if topic.is_none() && push.ask != Ask::Clear && of_topic.write.admits(who) => Err(Refusal::UnknownTopic),
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
        let same_time = who.user().is_some() && push.client_time.is_some() && push.client_time == earlier.client_time;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientTime, Declaration, Key, Pattern, Seq, TopicName, TopicRules, Undeclared};

    const DATA_BYTES_MAX: usize = 64;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn ann() -> Principal {
        Principal::member(user("ann"))
    }

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn push(ask: Ask, data: &str) -> Push {
        let topic = TopicName::new("t").unwrap();
        Push::new(topic, ask, (!data.is_empty()).then(|| json(data))).unwrap()
    }

    fn book(write: Rule) -> RuleBook {
        let rules = TopicRules { read: Rule::Public, write, clear: Rule::Admin };
        let pattern = Pattern::new("t").unwrap();
        RuleBook::new(vec![Declaration { pattern, kind: None, rules }], Undeclared::CLOSED)
    }

    fn list() -> Option<TopicFacts> {
        Some(TopicFacts { kind: TopicKind::List, seq: Seq(1) })
    }

    fn document() -> Option<TopicFacts> {
        Some(TopicFacts { kind: TopicKind::Document, seq: Seq(1) })
    }

    fn judge(
        rules: &RuleBook,
        who: &Principal,
        push: &Push,
        topic: Option<TopicFacts>,
        facts: Facts,
    ) -> Result<Decision, Refusal> {
        let needs = needs(rules, who, push, topic)?;
        decide(rules, who, push, topic, needs, facts, DATA_BYTES_MAX)
    }

    fn item_of(owner: &str, data: &str) -> Facts {
        let item = ItemFacts { owner: Some(user(owner)), data: Some(json(data)) };
        Facts { item: Some(item), ..Facts::default() }
    }

    fn earlier(push: &Push, position: u64) -> EarlierPush {
        EarlierPush { position: Position(position), digest: Some(push.digest()), client_time: push.client_time.clone() }
    }

    fn written(decision: Result<Decision, Refusal>) -> Draft {
        match decision {
            Ok(Decision::Write(draft)) => draft,
            other => panic!("expected a draft, got {other:?}"),
        }
    }

    #[test]
    fn each_rule_admits_its_roles_to_write() {
        let check = |write, expected: [Result<(), Refusal>; 3]| {
            let people = [Principal::ANONYMOUS, ann(), Principal::admin(user("root"))];
            let add = push(Ask::Add, r#"{"id":1}"#);
            let verdicts = people.map(|who| judge(&book(write), &who, &add, list(), Facts::default()).map(|_| ()));
            assert_eq!(verdicts, expected, "{write:?}");
        };
        check(Rule::Public, [Ok(()), Ok(()), Ok(())]);
        check(Rule::Member, [Err(Refusal::Unauthorized), Ok(()), Ok(())]);
        check(Rule::Author, [Err(Refusal::Unauthorized), Ok(()), Ok(())]);
        check(Rule::Admin, [Err(Refusal::Unauthorized), Err(Refusal::Forbidden), Ok(())]);
    }

    #[test]
    fn only_admins_clear_and_only_admins_create_in_closed_mode() {
        let open = book(Rule::Member);
        let clear = push(Ask::Clear, "");
        assert_eq!(judge(&open, &ann(), &clear, list(), Facts::default()), Err(Refusal::Forbidden));
        let draft = written(judge(&open, &Principal::admin(user("root")), &clear, list(), Facts::default()));
        assert_eq!((draft.action, draft.data), (Action::Clear, None));
        let closed = RuleBook::new(Vec::new(), Undeclared::CLOSED);
        let add = push(Ask::Add, r#"{"id":1}"#);
        assert_eq!(judge(&closed, &ann(), &add, None, Facts::default()), Err(Refusal::UnknownTopic));
        assert_eq!(judge(&closed, &Principal::ANONYMOUS, &add, None, Facts::default()), Err(Refusal::Unauthorized));
        assert!(
            judge(&closed, &ann(), &add, list(), Facts::default()).is_ok(),
            "what an admin created is open to members"
        );
    }

    #[test]
    fn a_key_gives_the_first_receipt_or_a_conflict() {
        let mut add = push(Ask::Add, r#"{"id":1}"#);
        add.key = Some(Key::new("k").unwrap());
        let facts = Facts { key: Some(earlier(&add, 7)), ..item_of("bob", r#"{"id":1}"#) };
        assert_eq!(judge(&book(Rule::Author), &ann(), &add, list(), facts), Ok(Decision::Duplicate(Position(7))));
        for other in [push(Ask::Add, r#"{"id":2}"#), push(Ask::Update, r#"{"id":1}"#), push(Ask::Delete, r#"{"id":1}"#)]
        {
            let facts = Facts { key: Some(earlier(&other, 7)), ..Facts::default() };
            assert_eq!(judge(&book(Rule::Member), &ann(), &add, list(), facts), Err(Refusal::KeyConflict));
        }
    }

    #[test]
    fn without_a_key_an_add_is_recognised_by_equal_data_or_equal_time() {
        let rules = book(Rule::Member);
        let mut add = push(Ask::Add, r#"{"id":1,"n":1}"#);
        let same = Facts { last_add: Some(earlier(&add, 4)), ..item_of("ann", "{}") };
        assert_eq!(judge(&rules, &ann(), &add, list(), same), Ok(Decision::Duplicate(Position(4))));

        let gone = Facts { last_add: Some(earlier(&add, 4)), ..Facts::default() };
        assert!(matches!(judge(&rules, &ann(), &add, list(), gone.clone()), Ok(Decision::Write(_))));

        add.client_time = ClientTime::new("\"2026-01-01\"");
        let timed = Facts { last_add: Some(earlier(&add, 4)), ..Facts::default() };
        assert_eq!(judge(&rules, &ann(), &add, list(), timed.clone()), Ok(Decision::Duplicate(Position(4))));
        let open = book(Rule::Public);
        assert!(matches!(judge(&open, &Principal::ANONYMOUS, &add, list(), timed), Ok(Decision::Write(_))));

        let other = push(Ask::Add, r#"{"id":1,"n":2}"#);
        let taken = Facts { last_add: Some(earlier(&other, 4)), ..item_of("ann", "{}") };
        add.client_time = None;
        assert_eq!(judge(&rules, &ann(), &add, list(), taken), Err(Refusal::IdTaken));
        assert_eq!(judge(&rules, &ann(), &add, list(), item_of("bob", "{}")), Err(Refusal::IdTaken));
    }

    #[test]
    fn under_the_author_rule_only_the_first_author_and_admins_change_an_item() {
        let rules = book(Rule::Author);
        let root = Principal::admin(user("root"));
        for ask in [Ask::Update, Ask::Patch, Ask::Delete] {
            let change = push(ask, r#"{"id":1}"#);
            let of_bob = || item_of("bob", r#"{"id":1}"#);
            assert_eq!(judge(&rules, &ann(), &change, list(), of_bob()), Err(Refusal::Forbidden), "{ask:?}");
            assert!(judge(&rules, &Principal::member(user("bob")), &change, list(), of_bob()).is_ok(), "{ask:?}");
            let by_admin = written(judge(&rules, &root, &change, list(), of_bob()));
            assert_eq!(by_admin.owner, Some(user("bob")), "{ask:?}");
            assert!(judge(&book(Rule::Member), &ann(), &change, list(), of_bob()).is_ok(), "{ask:?}");
        }
    }

    #[test]
    fn a_patch_is_folded_bounded_and_remembered_as_asked() {
        let rules = book(Rule::Member);
        let patch = push(Ask::Patch, r#"{"id":1,"a":null,"b":2}"#);
        let draft = written(judge(&rules, &ann(), &patch, list(), item_of("ann", r#"{"id":1,"a":1}"#)));
        assert_eq!((draft.action, draft.data), (Action::Update, Some(json(r#"{"id":1,"b":2}"#))));
        assert_eq!(draft.request, Some(patch.digest()));
        let created = written(judge(&rules, &ann(), &patch, list(), Facts::default()));
        assert_eq!(created.data, Some(json(r#"{"id":1,"b":2}"#)));
        let big = format!(r#"{{"id":1,"c":"{}"}}"#, "x".repeat(DATA_BYTES_MAX));
        let facts = item_of("ann", &big);
        assert_eq!(judge(&rules, &ann(), &patch, list(), facts), Err(Refusal::TooLarge));
    }

    #[test]
    fn deleting_what_is_not_there_changes_nothing() {
        let delete = push(Ask::Delete, r#"{"id":1,"secret":"x"}"#);
        assert_eq!(delete.data, Some(json(r#"{"id":1}"#)), "a delete carries the id and nothing else");
        for topic in [list(), None] {
            let verdict = judge(&book(Rule::Member), &ann(), &delete, topic, Facts::default());
            assert_eq!(verdict, Ok(Decision::Unchanged));
        }
    }

    #[test]
    fn the_kind_of_a_topic_decides_what_an_id_means() {
        let rules = book(Rule::Member);
        let kind = |ask, data: &str| needs(&rules, &ann(), &push(ask, data), None).map(|needs| needs.kind);
        assert_eq!(kind(Ask::Add, r#"{"id":1}"#), Ok(TopicKind::List));
        assert_eq!(kind(Ask::Update, r#"{"id":1}"#), Ok(TopicKind::List));
        assert_eq!(kind(Ask::Update, r#"{"title":1}"#), Ok(TopicKind::Document));
        assert_eq!(kind(Ask::Patch, r#"{"title":1}"#), Ok(TopicKind::Document));
        let on = |topic, ask, data: &str| judge(&rules, &ann(), &push(ask, data), topic, Facts::default()).map(|_| ());
        assert_eq!(on(list(), Ask::Update, r#"{"title":1}"#), Err(Refusal::MissingId));
        assert_eq!(on(list(), Ask::Update, r#"{"id":1.5}"#), Err(Refusal::BadId));
        assert_eq!(on(document(), Ask::Update, r#"{"id":1.5}"#), Ok(()));
        assert_eq!(on(document(), Ask::Add, r#"{"id":1}"#), Err(Refusal::IsDocument));
        assert_eq!(on(document(), Ask::Delete, r#"{"id":1}"#), Err(Refusal::IsDocument));
    }

    #[test]
    fn a_push_of_the_wrong_shape_is_refused_with_the_reason() {
        let check = |ask, data: &str, expected| {
            let data = (!data.is_empty()).then(|| json(data));
            assert_eq!(Push::new(TopicName::new("t").unwrap(), ask, data).map(|_| ()), expected);
        };
        check(Ask::Add, "", Err(Refusal::BadData));
        check(Ask::Add, "null", Err(Refusal::BadData));
        check(Ask::Add, "[1]", Err(Refusal::BadData));
        check(Ask::Add, "{}", Err(Refusal::MissingId));
        check(Ask::Add, r#"{"id":null}"#, Err(Refusal::BadId));
        check(Ask::Add, r#"{"id":""}"#, Err(Refusal::BadId));
        check(Ask::Add, r#"{"id":9007199254740992}"#, Err(Refusal::BadId));
        check(Ask::Add, r#"{"id":9007199254740991}"#, Ok(()));
        check(Ask::Delete, "{}", Err(Refusal::MissingId));
        check(Ask::Clear, "{}", Err(Refusal::BadData));
        check(Ask::Clear, "null", Ok(()));
        check(Ask::Update, "{}", Ok(()));
        assert_eq!(Ask::new("replace"), Err(Refusal::UnknownAction));
        assert_eq!(Ask::new("ADD"), Err(Refusal::UnknownAction));
    }
}
