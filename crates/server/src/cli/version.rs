//! `tidings version`.

use std::process::ExitCode;

use super::Failure;

pub(super) fn run() -> Result<ExitCode, Failure> {
    println!("tidings {}", env!("CARGO_PKG_VERSION"));
    Ok(ExitCode::SUCCESS)
}
