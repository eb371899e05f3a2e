//! Folders that survive a power cut, and the kernel lock that keeps a second writer out of one.

use std::{
    any::Any,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process,
};

use crate::Failure;

/// Held for as long as this process may write in the folder. The kernel lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _holder: Box<dyn Any + Send + Sync>,
}

/// Why a folder cannot be had.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else writes there; with their process id where they left it.
    Held(Option<u32>),
    Failed(Failure),
}

impl FolderLock {
    /// Takes the lock of an existing folder, or says at once that somebody has it.
    pub(crate) fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join("LOCK");
        let failed = |error: io::Error| LockError::Failed(Failure::new("locking", &path, error));
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(process_in(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        leave_process_id(&mut file).map_err(failed)?;
        Ok(Self { _holder: Box::new(file) })
    }

    /// The lock of a folder on a simulated disk.
    pub(crate) fn simulated(holder: Box<dyn Any + Send + Sync>) -> Self {
        Self { _holder: holder }
    }
}

fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn leave_process_id(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", process::id())
}

/// Makes a folder and those above it, and syncs every folder that got a new name, so that none vanishes in a power cut.
pub(crate) fn create_all(folder: &Path) -> Result<(), Failure> {
    let missing: Vec<PathBuf> = folder.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(folder).map_err(|error| Failure::new("creating the folder", folder, error))?;
    missing.iter().filter_map(|path| path.parent()).try_for_each(sync)
}

/// Makes the names in a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<(), Failure> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|error| Failure::new("syncing the folder", folder, error))
}
