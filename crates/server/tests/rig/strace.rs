//! A server whose system calls go wrong: `strace` makes the n-th call on certain files fail, or kills the process on its way
//! into it, and writes down what reached those files.
//!
//! Calls are counted by thread, from 1, and only those on the named files count. The journal is written by one thread, after
//! another one has opened it.

use std::{fs, path::PathBuf, process::Command};

use super::Start;

/// What becomes of the n-th call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Injected {
    /// It is not made, and says so with this word: `EIO`, `ENOSPC`.
    Error(&'static str),
    /// So are all after it.
    Errors(&'static str),
    /// The process is killed as it makes it.
    Kill,
}

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Strace {
    /// Names of system calls that count as one, joined by commas.
    pub(crate) calls: &'static str,
    /// Which files it is about; all of them when none is named.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) nth: u64,
    pub(crate) injected: Injected,
    /// Each thread writes what it did to a file of this name and the thread's number.
    pub(crate) trace: PathBuf,
}

impl Strace {
    /// The start of a server to which this happens.
    pub(crate) fn start(&self) -> Start {
        need_strace();
        let Self { calls, nth, .. } = self;
        let (fate, when) = match self.injected {
            Injected::Error(error) => (format!("error={error}"), format!("{nth}")),
            Injected::Errors(error) => (format!("error={error}"), format!("{nth}+")),
            Injected::Kill => ("signal=KILL".to_owned(), format!("{nth}")),
        };
        // The server is the child, and strace a grandchild beside it.
        let mut line = ["strace", "-D", "-ff", "-qq", "-y", "-ttt", "-s0", "--signal=none"].map(Into::into).to_vec();
        if !matches!(self.injected, Injected::Kill) {
            // Only these calls cost time. A signal does not get through this way.
            line.push("--seccomp-bpf".into());
        }
        line.extend(["-e".into(), "trace=pwrite64,write,ftruncate,fsync,fdatasync,rename".into()]);
        line.extend(["-e".into(), format!("inject={calls}:{fate}:when={when}").into()]);
        line.extend(["-o".into(), self.trace.clone().into()]);
        line.extend(self.files.iter().flat_map(|file| ["-P".into(), file.into()]));
        Start { through: line, ..Start::default() }
    }

    /// Everything that the server did to those files, in the order in which it began to.
    pub(crate) fn lines(&self) -> Vec<String> {
        let folder = self.trace.parent().expect("a file is in a folder");
        let files = fs::read_dir(folder).expect("the folder is there");
        let paths = files.map(|entry| entry.expect("it can be read").path());
        let threads = paths.filter(|path| path.with_extension("") == self.trace);
        let texts = threads.map(|path| fs::read_to_string(path).expect("strace writes text"));
        let mut lines: Vec<String> =
            texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        // Each begins with the time in seconds, always of the same width.
        lines.sort();
        lines.iter().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    }

    /// Whether a call failed on purpose. Of a kill the process's end tells.
    pub(crate) fn has_failed(&self) -> bool {
        self.lines().iter().any(|line| line.ends_with("(INJECTED)"))
    }
}

fn need_strace() {
    let is_there = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    assert!(is_there, "strace is missing, which lets a disk fail here: make setup installs it");
}
