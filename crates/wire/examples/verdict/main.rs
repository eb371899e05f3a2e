//! What our decoders say of packets, for whoever wants to compare: the differential test in `conformance/` sets it beside the
//! official JavaScript parsers. On its input each case is a letter (`verdicts.rs` has them), its length as four bytes with the
//! lowest first, and its bytes; on its output, one line of JSON each.

mod verdicts;

use std::io::{self, BufReader, BufWriter, Read as _, Write as _};

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut head = [0; 5];
    while input.read_exact(&mut head).is_ok() {
        let [kind, length @ ..] = head;
        let mut case = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut case)?;
        writeln!(output, "{}", verdicts::of(kind, &case))?;
        // Whoever asks may wait for the answer before asking on.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}
