//! What people read: the document and the plots, drawn from the results of a table and nothing else.

mod axis;
mod bars;
mod document;
mod lines;
mod plots;
mod units;

use std::{fs, path::Path};

use crate::table::Results;

/// Draws docs/benchmarks.md and the plots beside it from the results in that file.
///
/// # Errors
/// Something cannot be read or written.
pub(crate) fn render(results: &Path) -> anyhow::Result<()> {
    let results = Results::read(results)?;
    let notes = fs::read_to_string("bench/notes.md")?;
    let docs = Path::new("docs");
    for (name, plot) in plots::all(&results) {
        fs::write(docs.join(name), plot)?;
    }
    fs::write(docs.join("benchmarks.md"), document::benchmarks(&results, &notes))?;
    Ok(())
}
