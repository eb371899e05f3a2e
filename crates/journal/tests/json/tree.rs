//! A naive JSON value to compare with: drawn by proptest, written plainly or with whitespace anywhere it may stand.

use proptest::prelude::*;

/// A value that remembers the spelling of its scalars and the order of its members.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// The spelling of a scalar.
    Scalar(String),
    Array(Vec<Self>),
    /// Members by decoded name; no name twice.
    Object(Vec<(String, Self)>),
}

impl Tree {
    /// The minified text.
    pub(crate) fn text(&self) -> String {
        self.spaced(&mut || "")
    }

    /// The text with whatever `space` says between its tokens.
    pub(crate) fn spaced(&self, space: &mut impl FnMut() -> &'static str) -> String {
        let inner = match self {
            Self::Scalar(text) => text.clone(),
            Self::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(|element| element.spaced(space)).collect();
                format!("[{}{}]", space(), elements.join(","))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    let name = serde_json::to_string(name).expect("a string has a JSON spelling");
                    format!("{}{name}{}:{}", space(), space(), value.spaced(space))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{}{}}}", members.join(","), space())
            }
        };
        format!("{}{inner}{}", space(), space())
    }
}

/// Values with few different names, so that two of them share some.
pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        2 => Just("null".to_owned()),
        1 => prop_oneof![Just("true"), Just("false"), Just("-0"), Just("1e-7"), Just("2.50E+3")].prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).expect("a string has a JSON spelling")),
    ];
    scalar.prop_map(Tree::Scalar).prop_recursive(5, 48, 6, |inner| {
        let name = prop_oneof![4 => "[a-e]", 1 => any::<String>().prop_filter("refused", |name| name != "__proto__")];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            3 => prop::collection::vec((name, inner), 0..6).prop_map(|members| Tree::Object(without_repeats(members))),
        ]
    })
}

fn without_repeats(mut members: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let mut seen = std::collections::HashSet::new();
    members.retain(|(name, _)| seen.insert(name.clone()));
    members
}
