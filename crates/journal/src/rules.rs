//! Who may do what with a topic: the rules of `tidings.toml`, and those of topics that nobody declared.
//!
//! Callers: the writer, through [`crate::decide`], and every reader of entries, through [`RuleBook::sight`].

use crate::{Pattern, Principal, Role, TopicKind, TopicName, UserId};

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everybody, without a token too.
    Public,
    /// Everybody with a token.
    Member,
    /// Admins.
    Admin,
    /// Reading: only the item's first author and admins. Writing: members add, and only the item's first author and
    /// admins change.
    Author,
}

/// The rules of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicRules {
    /// Who reads entries and items.
    pub read: Rule,
    /// Who adds, updates, patches and deletes.
    pub write: Rule,
    /// Who clears; [`Rule::Author`] means admins here, because a topic has no author.
    pub clear: Rule,
}

/// A declared topic, or a family of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Which topics.
    pub pattern: Pattern,
    /// What they hold; none leaves it to the first entry.
    pub kind: Option<TopicKind>,
    /// Who may do what.
    pub rules: TopicRules,
}

/// What holds for topics that no declaration selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// Who brings such a topic into being with its first entry.
    pub create: Rule,
    /// Who may do what afterwards.
    pub rules: TopicRules,
}

impl Undeclared {
    /// `serve --dev`: public reading, members write and create.
    pub const OPEN: Self = Self {
        create: Rule::Member,
        rules: TopicRules { read: Rule::Public, write: Rule::Member, clear: Rule::Admin },
    };

    /// `serve`: members only, and admins create.
    pub const CLOSED: Self =
        Self { create: Rule::Admin, rules: TopicRules { read: Rule::Member, write: Rule::Member, clear: Rule::Admin } };
}

/// What a reader sees of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Every entry.
    All,
    /// Entries about items that they added first.
    Own,
    /// Nothing.
    None,
}

/// All rules of a space.
#[derive(Clone, Debug)]
pub struct RuleBook {
    declarations: Vec<Declaration>,
    undeclared: Undeclared,
}

impl RuleBook {
    /// Rules in any order: an exact name wins over a beginning, a longer beginning over a shorter one.
    #[must_use]
    pub fn new(mut declarations: Vec<Declaration>, undeclared: Undeclared) -> Self {
        declarations.push(doctor());
        declarations.sort_by_key(|declaration| std::cmp::Reverse(specificity(&declaration.pattern)));
        Self { declarations, undeclared }
    }

    /// The rules of a topic.
    #[must_use]
    pub fn rules(&self, topic: &TopicName) -> TopicRules {
        self.declaration(topic).map_or(self.undeclared.rules, |declaration| declaration.rules)
    }

    /// What a topic was declared to hold.
    #[must_use]
    pub fn kind(&self, topic: &TopicName) -> Option<TopicKind> {
        self.declaration(topic)?.kind
    }

    /// Who may bring a topic into being.
    #[must_use]
    pub fn create(&self, topic: &TopicName) -> Rule {
        self.declaration(topic).map_or(self.undeclared.create, |declaration| declaration.rules.write)
    }

    /// What somebody of this role sees of a topic.
    #[must_use]
    pub fn sight(&self, topic: &TopicName, role: Role) -> Sight {
        match self.rules(topic).read {
            _ if role == Role::Admin => Sight::All,
            Rule::Public => Sight::All,
            Rule::Member if role == Role::Member => Sight::All,
            Rule::Author if role == Role::Member => Sight::Own,
            Rule::Member | Rule::Admin | Rule::Author => Sight::None,
        }
    }

    fn declaration(&self, topic: &TopicName) -> Option<&Declaration> {
        self.declarations.iter().find(|declaration| declaration.pattern.matches(topic))
    }
}

impl Sight {
    /// Whether one entry is seen, given who first added the item it is about. A clear is about nobody's item: whoever
    /// may have seen items sees that they went.
    #[must_use]
    pub fn sees(self, reader: &Principal, owner: Option<&UserId>, is_clear: bool) -> bool {
        match self {
            Self::All => true,
            Self::Own => is_clear || reader.is(owner),
            Self::None => false,
        }
    }
}

impl Rule {
    /// Whether somebody passes on their role alone; an [`Rule::Author`] rule lets members pass, the item decides later.
    #[must_use]
    pub fn admits(self, principal: &Principal) -> bool {
        match self {
            Self::Public => true,
            Self::Member | Self::Author => principal.role() >= Role::Member,
            Self::Admin => principal.role() == Role::Admin,
        }
    }
}

/// The topic in which `tidings doctor` tries its pushes; nobody else sees them.
fn doctor() -> Declaration {
    let name = TopicName::new("tidings/doctor").expect("the name keeps to the rule of names");
    let rules = TopicRules { read: Rule::Author, write: Rule::Author, clear: Rule::Admin };
    Declaration { pattern: Pattern::Exact(name), kind: Some(TopicKind::List), rules }
}

fn specificity(pattern: &Pattern) -> usize {
    match pattern {
        Pattern::Exact(_) => usize::MAX,
        Pattern::Prefix(prefix) => prefix.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str) -> TopicName {
        TopicName::new(name).unwrap()
    }

    fn declare(pattern: &str, read: Rule) -> Declaration {
        let rules = TopicRules { read, write: Rule::Member, clear: Rule::Admin };
        Declaration { pattern: Pattern::new(pattern).unwrap(), kind: None, rules }
    }

    #[test]
    fn the_most_specific_declaration_wins_whatever_the_order() {
        let book = RuleBook::new(
            vec![declare("*", Rule::Admin), declare("room/*", Rule::Member), declare("room/lobby", Rule::Public)],
            Undeclared::CLOSED,
        );
        assert_eq!(book.rules(&topic("room/lobby")).read, Rule::Public);
        assert_eq!(book.rules(&topic("room/1")).read, Rule::Member);
        assert_eq!(book.rules(&topic("news")).read, Rule::Admin);
        assert_eq!(book.rules(&topic("tidings/doctor")).read, Rule::Author);
    }

    #[test]
    fn sight_follows_the_role() {
        let check = |read, expected: [Sight; 3]| {
            let book = RuleBook::new(vec![declare("t", read)], Undeclared::OPEN);
            let roles = [Role::Anonymous, Role::Member, Role::Admin];
            assert_eq!(roles.map(|role| book.sight(&topic("t"), role)), expected, "{read:?}");
        };
        check(Rule::Public, [Sight::All, Sight::All, Sight::All]);
        check(Rule::Member, [Sight::None, Sight::All, Sight::All]);
        check(Rule::Admin, [Sight::None, Sight::None, Sight::All]);
        check(Rule::Author, [Sight::None, Sight::Own, Sight::All]);
    }

    #[test]
    fn own_sight_never_takes_nobody_for_oneself() {
        let (ann, bob) = (UserId::new("ann").unwrap(), UserId::new("bob").unwrap());
        assert!(Sight::Own.sees(&Principal::member(ann.clone()), Some(&ann), false));
        assert!(!Sight::Own.sees(&Principal::member(ann.clone()), Some(&bob), false));
        assert!(!Sight::Own.sees(&Principal::member(ann), None, false));
        assert!(!Sight::Own.sees(&Principal::ANONYMOUS, None, false));
    }
}
