//! The habits of the house, one module each. A rule takes the tree and returns what breaks it.

mod documents;
mod heads;
mod invariants;
mod leftovers;
mod names;
mod places;
mod purity;
mod release;
mod sizes;
mod sleeps;

use crate::tree::{Finding, Tree};

/// What breaks any of the rules.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let rules = [
        documents::check,
        heads::check,
        invariants::check,
        leftovers::check,
        names::check,
        places::check,
        purity::check,
        release::check,
        sizes::check,
        sleeps::check,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}

/// The places of what a rule finds in a planted tree, as `path:line`.
#[cfg(test)]
pub(crate) fn places(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
    let findings = rule(&Tree::planted(files));
    findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}
