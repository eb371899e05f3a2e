//! The dependency law: a crate is justified by what it must not contain, and this is where a machine judges it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use anyhow::Context;
use serde_json::Value;

use crate::tree::Finding;

/// What one crate of ours may and must not depend on, in its normal dependencies.
struct Law {
    name: &'static str,
    /// Crates of ours that it may name.
    may: &'static [&'static str],
    /// Crates that must be nowhere below it.
    must_not: &'static [&'static str],
    why: &'static str,
}

const PURE: &[&str] = &["axum", "getrandom", "hyper", "mio", "rand", "rusqlite", "socket2", "tokio", "tokio-util"];
const SYNCHRONOUS: &[&str] = &["axum", "hyper", "tokio", "tokio-util"];

const LAWS: &[Law] = &[
    Law { name: "wire", may: &[], must_not: PURE, why: "the protocol is pure: no IO, no clock, no randomness" },
    Law { name: "journal", may: &[], must_not: PURE, why: "the domain is pure: no IO, no clock, no randomness" },
    Law { name: "store", may: &["journal"], must_not: SYNCHRONOUS, why: "durability knows neither sockets nor HTTP" },
    Law {
        name: "space",
        may: &["journal", "store"],
        must_not: SYNCHRONOUS,
        why: "the journal at work is stepped by its caller, on threads or in simulation",
    },
    Law { name: "server", may: &["journal", "space", "store", "wire"], must_not: &[], why: "the server is the top" },
    Law {
        name: "bench",
        may: &[],
        must_not: &[],
        why: "the load is a stranger: it knows the server by its wire alone",
    },
    Law {
        name: "history",
        may: &[],
        must_not: PURE,
        why: "the judge shares no code with what it judges, and needs nothing but the record",
    },
    Law {
        name: "interleave",
        may: &[],
        must_not: PURE,
        why: "the models put loom's primitives in the place of ours, and compile what they judge by its path",
    },
    Law {
        name: "sim",
        may: &["history", "journal", "space", "store", "vfs", "wire"],
        must_not: SYNCHRONOUS,
        why: "the simulation is one thread without a runtime, over the same crates that the server is over",
    },
    Law {
        name: "vfs",
        may: &[],
        must_not: SYNCHRONOUS,
        why: "the one crate with `unsafe` does one thing and knows nobody",
    },
    Law { name: "xtask", may: &[], must_not: &[], why: "chores must work when the product does not compile" },
];

/// What `cargo metadata` says of the repository at `root`.
pub(crate) fn metadata(root: &Path) -> anyhow::Result<Value> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("cargo is missing; install Rust")?;
    anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every dependency that breaks the law.
pub(crate) fn check(metadata: &Value) -> anyhow::Result<Vec<Finding>> {
    let graph = Graph::of(metadata).context("cargo metadata has another shape than expected")?;
    let mut findings = Vec::new();
    for (id, name) in &graph.ours {
        match LAWS.iter().find(|law| law.name == *name) {
            Some(law) => findings.extend(graph.breaches(id, law)),
            None => findings.push(Finding::new(
                &manifest(name),
                0,
                "this crate has no law; say in xtask/src/law.rs what it must not contain",
            )),
        }
    }
    Ok(findings)
}

fn manifest(name: &str) -> String {
    match name {
        "vfs" => "sim/vfs/Cargo.toml".to_owned(),
        "bench" | "history" | "interleave" | "sim" | "xtask" => format!("{name}/Cargo.toml"),
        _ => format!("crates/{name}/Cargo.toml"),
    }
}

/// Packages by id, with the ids of their normal dependencies.
struct Graph<'a> {
    names: BTreeMap<&'a str, &'a str>,
    normal: BTreeMap<&'a str, Vec<&'a str>>,
    ours: BTreeMap<&'a str, &'a str>,
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Value) -> Option<Self> {
        let name = |package: &'a Value| Some((package["id"].as_str()?, package["name"].as_str()?));
        let names: BTreeMap<_, _> = metadata["packages"].as_array()?.iter().map(name).collect::<Option<_>>()?;
        let nodes = metadata["resolve"]["nodes"].as_array()?.iter();
        let normal =
            nodes.map(|node| Some((node["id"].as_str()?, normal_dependencies(node)?))).collect::<Option<_>>()?;
        let members = metadata["workspace_members"].as_array()?.iter();
        let ours = members.map(|id| id.as_str().and_then(|id| Some((id, *names.get(id)?)))).collect::<Option<_>>()?;
        Some(Self { names, normal, ours })
    }

    fn breaches(&self, id: &str, law: &Law) -> Vec<Finding> {
        let direct = self.normal.get(id).into_iter().flatten().filter_map(|id| self.ours.get(id));
        let named = direct.filter(|name| !law.may.contains(name)).map(|name| format!("names {name}"));
        let below = self.below(id);
        let contained = law.must_not.iter().filter(|name| below.contains(*name)).map(|name| format!("contains {name}"));
        let sentence = |breach| format!("{} {breach}; {}", law.name, law.why);
        named.chain(contained).map(|breach| Finding::new(&manifest(law.name), 0, sentence(breach))).collect()
    }

    /// The names of everything that a package pulls in by normal dependencies.
    fn below(&self, id: &str) -> BTreeSet<&'a str> {
        let mut waiting: Vec<&str> = self.normal.get(id).cloned().unwrap_or_default();
        let mut seen = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(self.normal.get(id).into_iter().flatten());
            }
        }
        seen.into_iter().filter_map(|id| self.names.get(id).copied()).collect()
    }
}

fn normal_dependencies(node: &Value) -> Option<Vec<&str>> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    node["deps"].as_array()?.iter().filter(is_normal).map(|dependency| dependency["pkg"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Crates by name, each with the name and kind of its dependencies.
    type Packages<'a> = &'a [(&'a str, &'a [(&'a str, Option<&'a str>)])];

    /// Metadata of these; the crates with a law are members, every other is foreign.
    fn planted(packages: Packages<'_>) -> Value {
        let node = |(name, dependencies): &(&str, &[(&str, Option<&str>)])| {
            let dependency = |(name, kind): &(&str, Option<&str>)| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
            json!({"id": name, "deps": dependencies.iter().map(dependency).collect::<Vec<_>>()})
        };
        let ours = packages
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name == "stray" || LAWS.iter().any(|law| law.name == *name));
        json!({
            "packages": packages.iter().map(|(name, _)| json!({"id": name, "name": name})).collect::<Vec<_>>(),
            "workspace_members": ours.collect::<Vec<_>>(),
            "resolve": {"nodes": packages.iter().map(node).collect::<Vec<_>>()},
        })
    }

    fn sentences(packages: Packages<'_>) -> Vec<String> {
        check(&planted(packages)).unwrap().into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn the_law_of_the_house_is_met_by_the_house() {
        let lawful: Packages<'_> = &[
            ("wire", &[("bytes", None), ("rand", Some("dev"))]),
            ("journal", &[("bytes", None)]),
            ("store", &[("journal", None), ("rusqlite", None)]),
            ("space", &[("journal", None), ("store", None), ("wire", Some("dev"))]),
            ("server", &[("wire", None), ("journal", None), ("store", None), ("space", None), ("tokio", None)]),
            ("bytes", &[]),
            ("rand", &[]),
            ("rusqlite", &[]),
            ("tokio", &[]),
        ];
        assert_eq!(sentences(lawful), Vec::<String>::new());
    }

    #[test]
    fn wire_and_journal_never_name_each_other() {
        let found = sentences(&[("wire", &[("journal", None)]), ("journal", &[("wire", None)])]);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("crates/journal/Cargo.toml:1: journal names wire;"), "{found:?}");
        assert!(found[1].starts_with("crates/wire/Cargo.toml:1: wire names journal;"), "{found:?}");
    }

    #[test]
    fn what_is_forbidden_is_found_however_deep_it_lies() {
        let found = sentences(&[
            ("space", &[("a", None)]),
            ("a", &[("b", None)]),
            ("b", &[("tokio", None), ("a", None)]),
            ("tokio", &[]),
        ]);
        assert_eq!(
            found,
            [
                "crates/space/Cargo.toml:1: space contains tokio; the journal at work is stepped by its caller, on threads or in simulation"
            ]
        );
    }

    #[test]
    fn a_crate_without_a_law_is_found() {
        assert_eq!(sentences(&[("stray", &[])]).len(), 1);
    }
}
