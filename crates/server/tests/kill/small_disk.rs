//! A disk of a few megabytes, which only the servers of a test see: a tmpfs in a mount namespace of its own. Nothing is left
//! mounted when the test ends, however it ends.
//!
//! The test looks at it through `/proc`. SQLite must not: it follows that link to the folder of the same name outside.

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::rig::Start;

pub(crate) struct SmallDisk {
    /// A process that does nothing but keep the namespace.
    holder: Child,
    at: PathBuf,
}

const HOLD: &str = "mount -t tmpfs -o size=\"$1\" tidings \"$2\" && echo mounted && exec cat";

impl SmallDisk {
    pub(crate) fn mount(at: &Path, bytes: u64) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", HOLD, "sh", &bytes.to_string()]).arg(at);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = command.spawn().expect("unshare is there: it comes with util-linux");
        let mut said = String::new();
        BufReader::new(holder.stdout.take().expect("it was asked for")).read_line(&mut said).expect("it says text");
        if said != "mounted\n" {
            let mut why = String::new();
            let _ = holder.stderr.take().map(|mut stderr| stderr.read_to_string(&mut why));
            panic!("this test mounts a small disk, which needs root (or CAP_SYS_ADMIN): run it as root. {why}");
        }
        Self { holder, at: at.to_owned() }
    }

    /// How a server is started that sees it.
    pub(crate) fn start(&self) -> Start {
        let namespace = format!("--mount=/proc/{}/ns/mnt", self.holder.id());
        let line = ["nsenter", &namespace, "sh", "-c", "cd \"$0\" && exec \"$@\""].map(Into::into).to_vec();
        Start { through: [line, vec![self.at.clone().into()]].concat(), ..Start::default() }
    }

    fn seen(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.at.strip_prefix("/").expect("a temporary folder has an absolute path"))
    }

    /// Takes all but so many bytes, or less if a server takes them at the same time.
    pub(crate) fn fill(&self, left_bytes: u64) {
        let seen = self.seen();
        let disk = rustix::fs::statvfs(&seen).expect("the disk is there");
        let bytes = (disk.f_bavail * disk.f_frsize).saturating_sub(left_bytes);
        let ballast = fs::write(seen.join("ballast"), vec![0; usize::try_from(bytes).expect("a small disk")]);
        if let Err(error) = ballast {
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Gives it all back.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.seen().join("ballast")).expect("it was filled");
    }

    /// Moves the servers' files to a folder outside, and unmounts.
    pub(crate) fn move_to(self, folder: &Path) {
        copy(&self.seen(), folder);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            fs::create_dir(&to).expect("there is room outside");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("there is room outside");
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The namespace, and the disk, end with the last process in it.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
