//! `[topics.NAME]` and `[spaces.NAME]`: what is declared of topics, space by space.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use journal::{Declaration, Pattern, Rule, RuleBook, TopicKind, TopicName, TopicRules, Undeclared};
use toml::{Table, Value};

use super::{
    error::{ConfigError, Place},
    layers::Layers,
    setting::Setting,
    unknown,
};

/// The space of the Socket.IO namespace `/`.
pub const DEFAULT_SPACE: &str = "default";

/// Spaces besides the default one. Each has threads and files of its own.
pub const SPACES_MAX: usize = 64;

/// A space's name in bytes: it is a folder's name and a namespace.
const SPACE_NAME_BYTES_MAX: usize = 64;

/// Declarations in one space: rules are looked through from the first to the last.
const DECLARATIONS_MAX: usize = 1_000;

/// Names that mean something else in `/api/sync/NAME`.
const RESERVED_TOPICS: [&str; 4] = ["push", "data", "changes", "stream"];

/// Topics that the server keeps for itself begin so.
const OWN_TOPICS: &str = "tidings/";

/// Paths that mean something else already.
const RESERVED_PATHS: [&str; 3] = ["/api/sync", "/api/auth", "/api/health"];

/// An alias path in bytes.
const PATH_BYTES_MAX: usize = 200;

/// A space and what is declared in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceSettings {
    /// Its name, which is its folder's name; the namespace is `/NAME`, that of `default` is `/`.
    pub name: String,
    /// Its declared topics.
    pub topics: Vec<TopicSettings>,
}

/// A declared topic, or a family of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// Which topics, what they hold, and who may do what.
    pub declaration: Declaration,
    /// Whether snapshots show the newest item first.
    pub newest_first: bool,
    /// A second path to read it by, such as `/api/site-content`.
    pub path: Option<String>,
}

impl SpaceSettings {
    /// The rules of this space, with those of the mode for topics that nobody declared.
    #[must_use]
    pub fn rule_book(&self, dev: bool) -> RuleBook {
        RuleBook::new(self.topics.iter().map(|topic| topic.declaration.clone()).collect(), undeclared(dev))
    }
}

/// The default space first, then the declared ones by name.
pub(crate) fn read_spaces(
    layers: &Layers,
    dev: bool,
    warnings: &mut Vec<String>,
) -> Result<Vec<SpaceSettings>, ConfigError> {
    let rules = undeclared(dev).rules;
    let topics = match layers.names("topics")? {
        Some((file, topics)) => Reader { file, rules, warnings }.topics("topics", topics)?,
        None => Vec::new(),
    };
    let mut spaces = vec![SpaceSettings { name: DEFAULT_SPACE.to_owned(), topics }];
    if let Some((file, names)) = layers.names("spaces")? {
        spaces.extend(Reader { file, rules, warnings }.spaces(names)?);
    }
    Ok(spaces)
}

fn undeclared(dev: bool) -> Undeclared {
    if dev { Undeclared::OPEN } else { Undeclared::CLOSED }
}

struct Reader<'a> {
    file: &'a Path,
    /// What a declared topic has that says nothing about its rules.
    rules: TopicRules,
    warnings: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn spaces(&mut self, names: &Table) -> Result<Vec<SpaceSettings>, ConfigError> {
        if names.len() > SPACES_MAX {
            return Err(self
                .place("spaces")
                .error(format_args!("there are {}; at most {SPACES_MAX} can be declared.", names.len())));
        }
        let mut folders = BTreeSet::new();
        names.iter().map(|(name, value)| self.space(name, value, &mut folders)).collect()
    }

    fn space(
        &mut self,
        name: &str,
        value: &Value,
        folders: &mut BTreeSet<String>,
    ) -> Result<SpaceSettings, ConfigError> {
        let path = format!("spaces.{name}");
        check_space_name(name).map_err(|problem| self.place(&path).error(problem))?;
        if !folders.insert(name.to_ascii_lowercase()) {
            return Err(self
                .place(&path)
                .error("another space differs only in case; some file systems take both for one."));
        }
        let table = self.table(&path, value)?;
        self.warnings.extend(unknown::in_table(self.file, &path, table, &["topics"]));
        let topics = match table.get("topics") {
            Some(topics) => {
                let path = format!("{path}.topics");
                let topics = self.table(&path, topics)?;
                self.topics(&path, topics)?
            }
            None => Vec::new(),
        };
        Ok(SpaceSettings { name: name.to_owned(), topics })
    }

    fn topics(&mut self, path: &str, names: &Table) -> Result<Vec<TopicSettings>, ConfigError> {
        if names.len() > DECLARATIONS_MAX {
            return Err(self
                .place(path)
                .error(format_args!("there are {}; at most {DECLARATIONS_MAX} can be declared.", names.len())));
        }
        let mut aliases = BTreeMap::new();
        let mut topics = Vec::with_capacity(names.len());
        for (name, value) in names {
            let key = format!("{path}.{}", quoted(name));
            let topic = self.topic(&key, name, value)?;
            if let Some(other) = topic.path.clone().and_then(|alias| aliases.insert(alias, name)) {
                let problem = format_args!("the topic {other} has the same path; give each its own.");
                return Err(self.place(&format!("{key}.path")).error(problem));
            }
            topics.push(topic);
        }
        Ok(topics)
    }

    fn topic(&mut self, key: &str, name: &str, value: &Value) -> Result<TopicSettings, ConfigError> {
        let pattern = check_topic_name(name).map_err(|problem| self.place(key).error(problem))?;
        let table = self.table(key, value)?;
        self.warnings.extend(unknown::in_table(
            self.file,
            key,
            table,
            &["kind", "read", "write", "clear", "order", "path"],
        ));
        let kinds = [("list", TopicKind::List), ("document", TopicKind::Document)];
        let orders = [("oldest", false), ("newest", true)];
        Ok(TopicSettings {
            newest_first: self.choice(key, table, "order", &orders)?.unwrap_or(false),
            path: self.alias(key, table, &pattern)?,
            declaration: Declaration {
                kind: self.choice(key, table, "kind", &kinds)?,
                rules: self.rules(key, table)?,
                pattern,
            },
        })
    }

    fn rules(&self, key: &str, table: &Table) -> Result<TopicRules, ConfigError> {
        let choices =
            [("public", Rule::Public), ("member", Rule::Member), ("admin", Rule::Admin), ("author", Rule::Author)];
        Ok(TopicRules {
            read: self.choice(key, table, "read", &choices)?.unwrap_or(self.rules.read),
            write: self.choice(key, table, "write", &choices)?.unwrap_or(self.rules.write),
            clear: self.choice(key, table, "clear", &choices)?.unwrap_or(self.rules.clear),
        })
    }

    fn alias(&self, key: &str, table: &Table, pattern: &Pattern) -> Result<Option<String>, ConfigError> {
        let Some(value) = table.get("path") else { return Ok(None) };
        let place = self.place(&format!("{key}.path"));
        let path = String::from_toml(value).ok_or_else(|| place.error("this takes text in quotes."))?;
        if matches!(pattern, Pattern::Prefix(_)) {
            return Err(place.error("a path leads to one topic: declare that topic by its whole name."));
        }
        check_path(&path).map_err(|problem| place.error(problem))?;
        Ok(Some(path))
    }

    fn choice<T: Copy>(
        &self,
        key: &str,
        table: &Table,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = table.get(name) else { return Ok(None) };
        let chosen = choices.iter().find(|(word, _)| value.as_str() == Some(word));
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let problem =
            || self.place(&format!("{key}.{name}")).error(format_args!("choose one of {}.", words.join(", ")));
        chosen.map(|(_, choice)| Some(*choice)).ok_or_else(problem)
    }

    fn table<'t>(&self, key: &str, value: &'t Value) -> Result<&'t Table, ConfigError> {
        value
            .as_table()
            .ok_or_else(|| self.place(key).error(format_args!("this is a table: write [{key}] and its keys below.")))
    }

    fn place(&self, key: &str) -> Place {
        Place::Key { file: self.file.to_owned(), key: key.to_owned() }
    }
}

fn check_topic_name(name: &str) -> Result<Pattern, String> {
    let pattern = Pattern::new(name)
        .map_err(|error| format!("{error}; a name may end in * to mean every topic that begins so."))?;
    let is_own = name.starts_with(OWN_TOPICS);
    if is_own || RESERVED_TOPICS.contains(&name) {
        let why = if is_own { "belongs to the server" } else { "is a call of /api/sync" };
        return Err(format!("this name {why}: choose another one."));
    }
    Ok(pattern)
}

fn check_space_name(name: &str) -> Result<(), String> {
    if name == DEFAULT_SPACE {
        return Err("the topics of the default space stand at the top of the file, as [topics.NAME].".to_owned());
    }
    let fits = name.len() <= SPACE_NAME_BYTES_MAX && TopicName::new(name).is_ok() && !name.contains('/');
    let problem = || {
        format!(
            "a space's name has 1 to {SPACE_NAME_BYTES_MAX} characters out of A-Z a-z 0-9 . _ - and begins with a letter or a digit."
        )
    };
    if fits { Ok(()) } else { Err(problem()) }
}

fn check_path(path: &str) -> Result<(), String> {
    let is_plain = path.len() <= PATH_BYTES_MAX
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~/-".contains(&byte))
        && path.strip_prefix("/api/").is_some_and(|rest| rest.split('/').all(|part| !["", ".", ".."].contains(&part)));
    if !is_plain {
        return Err("write a path below /api/, such as /api/site-content, without a slash at its end.".to_owned());
    }
    let taken = RESERVED_PATHS
        .iter()
        .any(|reserved| path.strip_prefix(reserved).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if taken { Err("this path is the server's own: choose another one.".to_owned()) } else { Ok(()) }
}

fn quoted(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { format!("{name:?}") }
}
