//! `tidings verify`: walks the chain of every space, and says where it breaks.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{DataArgs, Failure};

/// How often progress is shown, in entries.
const PROGRESS_ENTRIES: u64 = 1_000_000;

pub(super) fn run(args: &DataArgs) -> Result<ExitCode, Failure> {
    let data = args.load()?.data;
    let spaces = spaces(&data)?;
    if spaces.is_empty() {
        return Err(Failure::failed(format_args!(
            "{}: there is no space to verify. Is it the right data folder?",
            data.display()
        )));
    }
    let mut code = ExitCode::SUCCESS;
    for (name, folder) in spaces {
        if !verify(&name, &folder)? {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn spaces(data: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let folder = data.join("spaces");
    let failed = |error: io::Error| {
        Failure::failed(format_args!(
            "{}: cannot be read ({error}). Name the data folder with --data.",
            folder.display()
        ))
    };
    let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
    let mut spaces: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.path().join("journal").is_dir())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    spaces.sort();
    Ok(spaces)
}

fn verify(name: &str, folder: &Path) -> Result<bool, Failure> {
    let mut shown = 0;
    let verification = store::verify(folder, |position| {
        if position.0 >= shown + PROGRESS_ENTRIES {
            shown = position.0;
            eprintln!("{name}: {shown} entries so far …");
        }
    })
    .map_err(Failure::failed)?;
    let entries = counted(verification.entries, "entry", "entries");
    let segments = counted(verification.segments as u64, "segment", "segments");
    match &verification.fault {
        None => println!("ok       {name}: {entries} in {segments}, {} of them erased", verification.erased),
        Some(fault) => println!(
            "PROBLEM  {name}: {fault}. The {entries} before it are as they were written; restore the folder from a backup \
             to have the others back."
        ),
    }
    Ok(verification.fault.is_none())
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
