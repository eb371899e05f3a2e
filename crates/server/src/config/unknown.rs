//! Names that nobody asked for, in the file and in the environment: each becomes a warning with the nearest known name,
//! so that a misspelt limit does not silently stay at its default.

use std::path::Path;

use toml::{Table, Value};

use super::layers::Layers;

/// One warning for each unknown key and variable.
pub(crate) fn warnings(layers: &Layers) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some((file, table)) = layers.file() {
        let known: Vec<&str> = layers.known().iter().copied().collect();
        for (name, value) in table.iter().filter(|(name, _)| !Layers::is_table_of_names(name)) {
            check(file, name, value, &known, &mut warnings);
        }
    }
    let known: Vec<String> = layers.known_variables().collect();
    for name in layers.variables().filter(|name| !known.iter().any(|known| known == name)) {
        let nearest = nearest(name, known.iter().map(String::as_str));
        warnings.push(format!(
            "The environment variable {name} is unknown and ignored; the nearest known one is {nearest}."
        ));
    }
    warnings
}

/// One warning for each key of a small table that is not among the known ones.
pub(crate) fn in_table(file: &Path, path: &str, table: &Table, known: &[&str]) -> Vec<String> {
    let unknown = table.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| warning(file, &format!("{path}.{name}"), nearest(name, known.iter().copied()))).collect()
}

fn check(file: &Path, path: &str, value: &Value, known: &[&str], warnings: &mut Vec<String>) {
    if known.contains(&path) {
        return;
    }
    let is_known_table = known.iter().any(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    match value {
        Value::Table(table) if is_known_table => {
            for (name, value) in table {
                check(file, &format!("{path}.{name}"), value, known, warnings);
            }
        }
        _ => warnings.push(warning(file, path, nearest(path, known.iter().copied()))),
    }
}

fn warning(file: &Path, path: &str, nearest: &str) -> String {
    format!("{}: the key `{path}` is unknown and ignored; the nearest known one is `{nearest}`.", file.display())
}

/// The known name with the fewest changes; a right name in the wrong table is near too.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |known: &str| {
        let whole = strsim::damerau_levenshtein(name, known);
        whole.min(1 + strsim::damerau_levenshtein(&last(name), &last(known)))
    };
    known.min_by_key(|known| distance(known)).unwrap_or_default()
}
