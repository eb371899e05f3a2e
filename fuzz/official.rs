//! The official JavaScript parsers beside the fuzzer: one `node` with `conformance/harness/judge.mjs`, for as long as a target
//! runs. It is asked about every input; a difference that no rule allows is a find.

use std::cell::RefCell;
use std::io::{BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[path = "../crates/wire/examples/verdict/verdicts.rs"]
mod verdicts;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/harness/judge.mjs");

struct Judge {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

thread_local! {
    static JUDGE: RefCell<Judge> = RefCell::new(Judge::start());
}

/// Panics when our decoder and the official one differ about a case and no rule says why. The letters of `kind` are those of
/// the verdicts.
pub(crate) fn compare(kind: u8, case: &[u8]) {
    let verdict = verdicts::of(kind, case).to_string();
    let difference = JUDGE.with_borrow_mut(|judge| judge.ask(kind, case, verdict.as_bytes()));
    assert!(difference.is_empty(), "{difference}");
}

impl Judge {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg(PROGRAM)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the differential targets need node on the PATH, and npm ci in this repository");
        let questions = child.stdin.take().expect("it was asked for");
        let answers = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, questions, answers }
    }

    fn ask(&mut self, kind: u8, case: &[u8], verdict: &[u8]) -> String {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("inputs are small").to_le_bytes();
        let question = [&[kind], &length(case)[..], &length(verdict), case, verdict].concat();
        let mut head = [0; 4];
        self.questions.write_all(&question).and_then(|()| self.answers.read_exact(&mut head)).unwrap_or_else(|error| {
            panic!("the judge is gone: {error}, {:?}", self.child.try_wait());
        });
        let mut words = vec![0; u32::from_le_bytes(head) as usize];
        self.answers.read_exact(&mut words).expect("the words follow their length");
        String::from_utf8(words).expect("the judge writes UTF-8")
    }
}
