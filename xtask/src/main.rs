//! Chores of the house. `cargo xtask tidy` judges what no compiler does: the dependency law, the habits, the documents.

mod law;
mod planted;
mod rules;
mod tree;

use std::{path::Path, process::ExitCode};

use tree::{Finding, Tree};

fn main() -> anyhow::Result<ExitCode> {
    let chore = std::env::args().nth(1);
    if chore.as_deref() != Some("tidy") {
        anyhow::bail!("there is one chore: cargo xtask tidy");
    }
    let findings = tidy(&tree::root()?)?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    eprintln!("tidy: {} found", findings.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything that is wrong in the repository at `root`, in the order of its files.
fn tidy(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let (tree, metadata) = (Tree::of_repository(root)?, law::metadata(root)?);
    let mut findings = rules::check(&tree);
    findings.extend(law::check(&metadata)?);
    findings.extend(planted::check(&metadata, &tree));
    findings.sort();
    Ok(findings)
}
