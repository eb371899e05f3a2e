//! `history check FILE`: judges a record of JSON lines, for clients that are not written in Rust. Ends with 1 when
//! something is wrong with the run, with 2 when the record cannot be read.

use std::process::ExitCode;

use history::{Event, check, read_lines};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, file] = arguments.as_slice() else { return usage() };
    if command != "check" {
        return usage();
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return unreadable(file, &error),
    };
    match read_lines(&text) {
        Ok(events) => judge(&events),
        Err(error) => unreadable(file, &error),
    }
}

fn judge(events: &[Event]) -> ExitCode {
    let anomalies = check(events);
    anomalies.iter().for_each(|anomaly| println!("{anomaly}"));
    println!("{} events, {} anomalies", events.len(), anomalies.len());
    if anomalies.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("history check FILE: judges a record, one JSON object on each line");
    ExitCode::from(2)
}

fn unreadable(file: &str, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{file}: {error}");
    ExitCode::from(2)
}
