//! Flag over environment over file over default: finds each setting in the first of them that has it.
//!
//! A setting is known because somebody asked for it here, so the list of known names cannot drift from the code. Names
//! are those of the file, with their tables: `limits.payload_bytes` is the variable `TIDINGS_LIMITS_PAYLOAD_BYTES`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    error::{ConfigError, Place},
    setting::Setting,
};

/// What every variable of ours begins with.
const PREFIX: &str = "TIDINGS_";

/// The file that is read when none is named.
pub(crate) const DEFAULT_FILE: &str = "tidings.toml";

/// Variables that are no settings of the file: which file, and what is logged.
const OTHER_VARIABLES: [&str; 2] = ["TIDINGS_CONFIG", "TIDINGS_LOG"];

/// Tables whose keys are names that the user chose; they are read by themselves, and only from the file.
const TABLES_OF_NAMES: [&str; 2] = ["topics", "spaces"];

/// The layers, and which settings were asked for.
pub(crate) struct Layers {
    flags: BTreeMap<&'static str, Value>,
    environment: BTreeMap<String, String>,
    file: Option<(PathBuf, Table)>,
    known: BTreeSet<&'static str>,
}

/// A setting that some layer has.
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl Layers {
    /// Reads the file: the named one, which must exist, or `tidings.toml` in the folder if there is one.
    pub(crate) fn new(
        flags: BTreeMap<&'static str, Value>,
        environment: BTreeMap<String, String>,
        named: Option<&Path>,
        folder: &Path,
    ) -> Result<Self, ConfigError> {
        let named = named.or(environment.get("TIDINGS_CONFIG").filter(|text| !text.is_empty()).map(Path::new));
        let path = named.map_or_else(|| folder.join(DEFAULT_FILE), Path::to_owned);
        let file = match fs::read_to_string(&path) {
            Ok(text) => Some((path.clone(), parse(&path, &text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => None,
            Err(source) => return Err(ConfigError::Unreadable { file: path, source }),
        };
        Ok(Self { flags, environment, file, known: BTreeSet::new() })
    }

    /// The setting from the first layer that has it.
    pub(crate) fn find<T: Setting>(&mut self, key: &'static str) -> Result<Option<Found<T>>, ConfigError> {
        self.known.insert(key);
        if let Some(value) = self.flags.get(key) {
            return found(Place::Flag(format!("--{key}")), T::from_toml(value)).map(Some);
        }
        let variable = variable(key);
        if let Some(text) = self.environment.get(&variable).map(|text| text.trim()).filter(|text| !text.is_empty()) {
            return found(Place::Variable(variable), T::from_text(text)).map(Some);
        }
        let Some((file, table)) = &self.file else { return Ok(None) };
        let Some(value) = look_up(file, table, key)? else { return Ok(None) };
        found(Place::Key { file: file.clone(), key: key.to_owned() }, T::from_toml(value)).map(Some)
    }

    /// A number within bounds.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> Result<u64, ConfigError> {
        let Some(found) = self.find::<u64>(key)? else { return Ok(default) };
        if bounds.contains(&found.value) {
            return Ok(found.value);
        }
        let (from, to) = bounds.into_inner();
        Err(found.place.error(format_args!("{} is out of bounds: choose from {from} to {to}.", found.value)))
    }

    /// A switch.
    pub(crate) fn switch(&mut self, key: &'static str, default: bool) -> Result<bool, ConfigError> {
        Ok(self.find(key)?.map_or(default, |found| found.value))
    }

    /// A text that a function understands; its error says what to write instead.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let Some(found) = self.find::<String>(key)? else { return Ok(default) };
        parse(&found.value).map_err(|problem| found.place.error(problem))
    }

    /// One of the tables whose keys are the user's own names, and the file it stands in.
    pub(crate) fn names(&self, table: &'static str) -> Result<Option<(&Path, &Table)>, ConfigError> {
        debug_assert!(TABLES_OF_NAMES.contains(&table), "the other tables are read key by key");
        let Some((file, root)) = &self.file else { return Ok(None) };
        let Some(value) = root.get(table) else { return Ok(None) };
        let place = Place::Key { file: file.clone(), key: table.to_owned() };
        let names = value.as_table().ok_or_else(|| place.error(format_args!("write a table, [{table}.NAME].")))?;
        Ok(Some((file, names)))
    }

    /// The names of all settings that were asked for.
    pub(crate) fn known(&self) -> &BTreeSet<&'static str> {
        &self.known
    }

    /// The file's name as the user knows it, and what stands in it.
    pub(crate) fn file(&self) -> Option<(&Path, &Table)> {
        self.file.as_ref().map(|(path, table)| (path.as_path(), table))
    }

    /// Our variables that are set.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.environment.keys().map(String::as_str).filter(|name| name.starts_with(PREFIX))
    }

    /// The variables that mean something.
    pub(crate) fn known_variables(&self) -> impl Iterator<Item = String> {
        self.known.iter().map(|key| variable(key)).chain(OTHER_VARIABLES.map(str::to_owned))
    }

    /// Whether the keys of a table are the user's own names.
    pub(crate) fn is_table_of_names(key: &str) -> bool {
        TABLES_OF_NAMES.contains(&key)
    }
}

fn found<T: Setting>(place: Place, value: Option<T>) -> Result<Found<T>, ConfigError> {
    match value {
        Some(value) => Ok(Found { value, place }),
        None => Err(place.error(format_args!("this takes {}.", T::TAKES))),
    }
}

fn look_up<'a>(file: &Path, table: &'a Table, key: &str) -> Result<Option<&'a Value>, ConfigError> {
    let Some((outer, inner)) = key.split_once('.') else { return Ok(table.get(key)) };
    match table.get(outer) {
        None => Ok(None),
        Some(Value::Table(table)) => look_up(file, table, inner),
        Some(_) => {
            let place = Place::Key { file: file.to_owned(), key: outer.to_owned() };
            Err(place.error(format_args!("this is a table: write [{outer}] and its keys below.")))
        }
    }
}

fn parse(file: &Path, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let until = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(until).filter(|byte| *byte == b'\n').count();
        ConfigError::Syntax { file: file.to_owned(), line, message: error.message().trim_end_matches('.').to_owned() }
    })
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}
