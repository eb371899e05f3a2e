//! The kinds of value that a setting can have, each read from TOML and from the text of an environment variable.

use toml::Value;

/// A kind of value.
pub(crate) trait Setting: Sized {
    /// What to write, completing "this takes …".
    const TAKES: &'static str;

    /// The value in a file or of a flag.
    fn from_toml(value: &Value) -> Option<Self>;

    /// The value in an environment variable, trimmed and not empty.
    fn from_text(text: &str) -> Option<Self>;
}

impl Setting for bool {
    const TAKES: &'static str = "true or false";

    fn from_toml(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn from_text(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        }
    }
}

impl Setting for u64 {
    const TAKES: &'static str = "a whole number";

    fn from_toml(value: &Value) -> Option<Self> {
        value.as_integer()?.try_into().ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.replace('_', "").parse().ok()
    }
}

impl Setting for String {
    const TAKES: &'static str = "text in quotes";

    fn from_toml(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// In a file a list, or one text alone; in a variable separated by commas.
impl Setting for Vec<String> {
    const TAKES: &'static str = "a list of texts, [\"one\", \"two\"]";

    fn from_toml(value: &Value) -> Option<Self> {
        match value {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(values) => values.iter().map(String::from_toml).collect(),
            _ => None,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }
}
