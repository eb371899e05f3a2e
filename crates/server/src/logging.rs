//! Logs: to stderr, one line for each event, whatever a peer managed to put into it.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging, at the level of `TIDINGS_LOG` (`debug`, `server=trace,info`) or else at this one. Once per process.
pub fn start(level: &str) {
    let wanted = std::env::var("TIDINGS_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let filter = wanted.as_deref().map(EnvFilter::try_new);
    let mistake = filter.as_ref().and_then(|filter| filter.as_ref().err()).map(ToString::to_string);
    let filter = filter.and_then(Result::ok).unwrap_or_else(|| EnvFilter::new(level));
    let lines = fmt().with_env_filter(filter).with_ansi(false).with_target(false).with_writer(|| OneLine(io::stderr()));
    // Tests start commands in one process; the first of them has started the log.
    let _ = lines.try_init();
    if let Some(mistake) = mistake {
        tracing::warn!("TIDINGS_LOG: {mistake}. Write a level, such as info or debug.");
    }
}

/// Escapes what would start a new line or drive a terminal. The formatter hands over each event with one call.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(escape(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escape(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let mut escaped = String::with_capacity(text.len());
    for character in line.chars() {
        match character {
            '\u{2028}' | '\u{2029}' => escaped.extend(character.escape_unicode()),
            character if character.is_control() => escaped.extend(character.escape_default()),
            character => escaped.push(character),
        }
    }
    escaped.push('\n');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_drives_no_terminal() {
        let check = |event: &str, expected| {
            let mut written = OneLine(Vec::new());
            written.write_all(event.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(written.0).unwrap(), expected);
        };
        check("plain é\n", "plain é\n");
        check("no end", "no end\n");
        check("a\nINFO forged\n", "a\\nINFO forged\n");
        check("a\r\tb\u{1b}[2J\u{7f}\u{9b}\n", "a\\r\\tb\\u{1b}[2J\\u{7f}\\u{9b}\n");
        check("a\u{2028}b\n", "a\\u{2028}b\n");
    }
}
