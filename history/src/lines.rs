//! Records as text: one JSON object on a line. Clients in other languages write these, see `docs/proof.md`.

use crate::Event;

/// A line that is no event.
#[derive(Debug, thiserror::Error)]
#[error("line {number} is no event: {error}")]
pub struct BadLine {
    /// Which one, from 1.
    pub number: usize,
    /// Why.
    pub error: serde_json::Error,
}

/// An event as a line, without its end.
#[must_use]
pub fn write_line(event: &Event) -> String {
    serde_json::to_string(event).expect("an event has only strings for keys")
}

/// The event on a line.
pub fn read_line(line: &str) -> Result<Event, serde_json::Error> {
    serde_json::from_str(line)
}

/// The events of a record, empty lines left out.
pub fn read_lines(text: &str) -> Result<Vec<Event>, BadLine> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered.map(|(index, line)| read_line(line).map_err(|error| BadLine { number: index + 1, error })).collect()
}
