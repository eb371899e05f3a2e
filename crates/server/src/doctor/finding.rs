//! What the doctor found: a verdict, what it saw in plain words, and what to do about it. One line each.

use std::fmt;

/// How good or bad it is; the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Perhaps as it should be, or not looked at.
    Warning,
    /// Not as it should be.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do, as a sentence; empty when there is nothing to do.
    pub fix: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(seen: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, seen: seen.into(), fix: String::new() }
    }

    /// Worth a look.
    pub fn warning(seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, seen: seen.into(), fix: fix.into() }
    }

    /// To be mended.
    pub fn problem(seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, seen: seen.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "PROBLEM",
        };
        write!(f, "{verdict:<7}  {}", one_line(&self.seen))?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, ". {}", one_line(&self.fix)) }
    }
}

/// What a server said is quoted, and may be anything.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_its_fix() {
        assert_eq!(Finding::ok("the server answers").to_string(), "ok       the server answers");
        let problem = Finding::problem("no answer", "Start it: tidings serve --dev");
        assert_eq!(problem.to_string(), "PROBLEM  no answer. Start it: tidings serve --dev");
        assert_eq!(Finding::warning("a\nok  b\u{1b}[2J", "").to_string(), "warning  a ok  b [2J");
        assert!(Verdict::Problem > Verdict::Warning && Verdict::Warning > Verdict::Ok);
    }
}
