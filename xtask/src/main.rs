//! Chores of the house. `cargo xtask tidy` judges what no compiler does: the dependency law, the habits, the documents.

mod law;
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
    let mut findings = rules::check(&Tree::of_repository(root)?);
    findings.extend(law::check(&law::metadata(root)?)?);
    findings.sort();
    Ok(findings)
}
