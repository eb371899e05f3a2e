//! `DATA/secrets.toml`: the secret behind our tokens and the one behind cursors.
//!
//! Made on first use by whichever command comes first, readable by its owner alone, and never made anew while a file is
//! there: another token secret would sign everybody out, another cursor key would reset every client.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use journal::CursorKey;
use serde::Deserialize;

use crate::config::{SECRET_BYTES_MIN, Secret};

/// The file in the data folder.
const FILE: &str = "secrets.toml";

/// The secrets of a data folder.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs and verifies tokens, unless an existing app's secret does.
    pub token: Secret,
    cursor: [u8; 32],
}

/// Why the secrets cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The folder or the file cannot be read, made or written.
    #[error("{}: {doing} failed ({source}). Check that the folder belongs to the user who runs tidings, and that its disk is not full.", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there and cannot be understood.
    #[error("{}: {problem}. Restore the file from a backup. Without one, remove it: a new one is made, everybody has to sign in again, and clients reload their state.", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for new secrets ({0})")]
    NoRandomness(getrandom::Error),
}

#[derive(Deserialize)]
struct Text {
    token_secret: String,
    cursor_key: String,
}

impl Secrets {
    /// Reads the file, or makes folder and file. Of processes that do so at the same time, one makes it.
    pub fn load_or_create(data: &Path) -> Result<Self, SecretsError> {
        if let Some(secrets) = Self::load(data)? {
            return Ok(secrets);
        }
        fs::create_dir_all(data).map_err(io_error("making the data folder", data))?;
        let folder = File::open(data).map_err(io_error("opening the data folder", data))?;
        // A lock of the kernel on the folder itself: it leaves nothing behind, and ends with the process.
        folder.lock().map_err(io_error("locking the data folder", data))?;
        match Self::load(data)? {
            Some(secrets) => Ok(secrets),
            None => Self::create(data, &folder),
        }
    }

    /// Reads the file; none if there is none.
    pub fn load(data: &Path) -> Result<Option<Self>, SecretsError> {
        let path = data.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io_error("reading", &path)(source)),
        };
        warn_if_open(&path);
        parse(&text).map(Some).map_err(|problem| SecretsError::Broken { path, problem })
    }

    /// The key behind cursors.
    #[must_use]
    pub fn cursor_key(&self) -> CursorKey {
        CursorKey::new(self.cursor)
    }

    fn create(data: &Path, folder: &File) -> Result<Self, SecretsError> {
        let (token, cursor): ([u8; 32], [u8; 32]) = (random()?, random()?);
        let text = format!(
            "# The secrets of this server. Whoever reads them can sign in as anybody, so keep this file to yourself and back\n\
             # it up with the folder. token_secret signs tokens: another app that is to make or check them uses this text as\n\
             # its HS256 secret.\n\
             token_secret = \"{}\"\ncursor_key = \"{}\"\n",
            hex(&token),
            hex(&cursor),
        );
        // Written aside and renamed, so that nobody, after a power cut either, finds half a file.
        let (path, aside) = (data.join(FILE), data.join("secrets.toml.new"));
        write_private(&aside, &text).map_err(io_error("writing", &aside))?;
        fs::rename(&aside, &path).map_err(io_error("renaming to", &path))?;
        folder.sync_all().map_err(io_error("syncing", data))?;
        parse(&text).map_err(|problem| SecretsError::Broken { path, problem })
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        let path = path.display();
        tracing::warn!("{path} can be read by others, who could sign in as anybody. Close it: chmod 600 {path}");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path) {}

fn parse(text: &str) -> Result<Secrets, String> {
    let text: Text = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let token = Secret::new(text.token_secret);
    if let Some(weakness) = token.weakness() {
        return Err(format!("token_secret: {weakness}"));
    }
    let cursor = unhex(&text.cursor_key).ok_or("cursor_key has to be 64 hexadecimal digits")?;
    Ok(Secrets { token, cursor })
}

fn random() -> Result<[u8; SECRET_BYTES_MIN], SecretsError> {
    let mut bytes = [0; SECRET_BYTES_MIN];
    getrandom::fill(&mut bytes).map_err(SecretsError::NoRandomness)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

fn io_error<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> SecretsError + use<'a> {
    move |source| SecretsError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_first_use_makes_the_file_and_later_ones_read_it() {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("deep/data");
        assert!(Secrets::load(&data).unwrap().is_none());
        let made = Secrets::load_or_create(&data).unwrap();
        let read = Secrets::load_or_create(&data).unwrap();
        assert_eq!((made.token.as_bytes(), made.cursor), (read.token.as_bytes(), read.cursor));
        assert_eq!(made.token.weakness(), None);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = TempDir::new().unwrap();
        Secrets::load_or_create(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn of_many_who_make_it_at_once_all_end_with_the_same_file() {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let made: Vec<Secrets> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| Secrets::load_or_create(&data).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|secrets| secrets.token == made[0].token && secrets.cursor == made[0].cursor));
    }

    #[test]
    fn a_broken_file_is_never_replaced() {
        let folder = TempDir::new().unwrap();
        let key = "0".repeat(64);
        let good = "9f86d081884c7d659a2feaa0c55ad015";
        for (text, part) in [
            (String::new(), "token_secret"),
            (format!("token_secret = '{good}'"), "cursor_key"),
            (format!("token_secret = '{good}'\ncursor_key = '{key}0'"), "64 hexadecimal digits"),
            (format!("token_secret = '{good}'\ncursor_key = '{}'", key.replace('0', "é")), "64 hexadecimal digits"),
            (format!("token_secret = 'short'\ncursor_key = '{key}'"), "at least 32"),
        ] {
            fs::write(folder.path().join(FILE), &text).unwrap();
            let error = Secrets::load_or_create(folder.path()).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("backup"), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
        }
    }
}
