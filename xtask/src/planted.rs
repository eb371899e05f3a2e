//! Bugs on purpose stay out of the product: the feature `planted` is turned on by the simulation and by nobody else.

use serde_json::Value;

use crate::tree::{Finding, Lines, Tree};

/// The feature.
const FEATURE: &str = "planted";

/// The crate that has the bugs, and the one that tests with them.
const OWNERS: [&str; 2] = ["journal", "sim"];

/// What a package may be built with beside its defaults, where bugs are welcome.
const PACKAGE: &str = "-p sim";

/// Every way in which the feature could reach a build of the product.
pub(crate) fn check(metadata: &Value, tree: &Tree) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.flat_map(package).chain(resolved(metadata)).chain(commands(tree)).collect()
}

/// A manifest that declares the feature without owning it, has it on by default, or asks for it in a dependency.
fn package(package: &Value) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let finding = |sentence: &str| Finding::new("Cargo.toml", 0, format!("{name} {sentence}"));
    let features = package["features"].as_object().into_iter().flatten();
    let names = |value: &Value| value.as_array().is_some_and(|names| names.iter().any(is_feature));
    let reaching: Vec<&str> = features.filter(|(_, turns_on)| names(turns_on)).map(|(name, _)| name.as_str()).collect();
    let has_it = package["features"].get(FEATURE).is_some();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let asks = dependencies.filter(|dependency| names(&dependency["features"])).count() > 0;
    let mut findings = Vec::new();
    if has_it && is_ours(package) && !OWNERS.contains(&name) {
        findings.push(finding("has bugs on purpose to turn on; only `journal` and `sim` have"));
    }
    if reaching.iter().any(|feature| *feature != FEATURE) {
        findings.push(finding("turns bugs on purpose on by a feature of another name"));
    }
    if asks {
        findings.push(finding("depends on a crate with bugs on purpose turned on"));
    }
    findings
}

fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

fn is_feature(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name == FEATURE || name.ends_with("/planted"))
}

/// A package that has the feature in a build without flags.
fn resolved(metadata: &Value) -> Vec<Finding> {
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let with_bugs = nodes.filter(|node| node["features"].as_array().is_some_and(|names| names.iter().any(is_feature)));
    let sentence = |node: &Value| format!("{} has bugs on purpose in a build without flags", node["id"]);
    with_bugs.map(|node| Finding::new("Cargo.toml", 0, sentence(node))).collect()
}

/// A command of ours that turns the feature on, by name or with all others, for anything but the simulation.
fn commands(tree: &Tree) -> Vec<Finding> {
    let is_command =
        |path: &str| path == "Makefile" || path == "Dockerfile" || path.ends_with(".sh") || path.starts_with(".ci/");
    let files = tree.files().filter(|file| is_command(file.path));
    let turns_on =
        |line: &str| line.contains("--all-features") || (line.contains("--features") && line.contains(FEATURE));
    let wrong = files.flat_map(|file| {
        let lines: Lines<'_> = file.lines().filter(|(_, line)| turns_on(line) && !line.contains(PACKAGE)).collect();
        lines.into_iter().map(move |(number, _)| (file.path, number))
    });
    wrong.map(|(path, line)| Finding::new(path, line, "bugs on purpose are for `-p sim` alone")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(metadata: &Value, files: &[(&str, &str)]) -> Vec<String> {
        check(metadata, &Tree::planted(files)).iter().map(ToString::to_string).collect()
    }

    fn package(name: &str, features: Value, of_dependency: Value) -> Value {
        let package = json!({"name": name, "features": features, "dependencies": [{"features": of_dependency}]});
        json!({"packages": [package], "resolve": {"nodes": [{"id": name, "features": []}]}})
    }

    #[test]
    fn the_simulation_may_plant_bugs() {
        let journal = package("journal", json!({"planted": []}), json!([]));
        let sim = package("sim", json!({"planted": ["journal/planted"]}), json!(["raw_value"]));
        let step = ("scripts/test.sh", "step 'bugs' cargo test -p sim --features planted --test planted");
        assert_eq!(found(&journal, &[step]), Vec::<String>::new());
        assert_eq!(found(&sim, &[step]), Vec::<String>::new());
    }

    #[test]
    fn no_build_of_the_product_has_them() {
        let cases = [
            package("server", json!({"planted": []}), json!([])),
            package("server", json!({"default": ["journal/planted"]}), json!([])),
            package("journal", json!({"default": ["planted"], "planted": []}), json!([])),
            package("sim", json!({"more": ["journal/planted"]}), json!([])),
            package("space", json!({}), json!(["planted"])),
            json!({"packages": [], "resolve": {"nodes": [{"id": "journal", "features": ["planted"]}]}}),
        ];
        for metadata in cases {
            assert_eq!(found(&metadata, &[]).len(), 1, "{metadata}");
        }
    }

    #[test]
    fn no_command_turns_them_on_for_anything_else() {
        for line in ["cargo build --release --features journal/planted --bin tidings", "cargo build --all-features"] {
            for path in ["scripts/build.sh", "Makefile", ".ci/run"] {
                assert_eq!(found(&json!({}), &[(path, line)]).len(), 1, "{path}: {line}");
            }
        }
    }
}
