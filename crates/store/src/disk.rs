//! The disk under a journal and its projections: the operating system's, or one that a simulation made.
//!
//! A simulation makes power cuts, failing syncs and full disks, and for that it must see everything that reaches a disk.
//! What SQLite does it sees by registering a file system of its own as SQLite's default; what this crate does beside
//! SQLite (folders, names, the lock) comes through here. Production never chooses anything but [`Disk::System`].

use std::{
    any::Any,
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Failure,
    folder::{self, FolderLock, LockError},
};

/// Where files lie.
#[derive(Clone, Debug, Default)]
pub enum Disk {
    /// The operating system's.
    #[default]
    System,
    /// A simulation's, which is SQLite's default file system too.
    Simulated(Arc<dyn SimulatedDisk>),
}

/// What a simulated disk answers for, beside the files that SQLite has open.
pub trait SimulatedDisk: fmt::Debug + Send + Sync {
    /// Makes a folder and those above it.
    fn create_folders(&self, folder: &Path) -> io::Result<()>;

    /// The paths of the files in a folder.
    fn files(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// How long a file is; none if there is none.
    fn bytes(&self, file: &Path) -> Option<u64>;

    /// Gives a file another name in its folder.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file's name away.
    fn delete(&self, file: &Path) -> io::Result<()>;

    /// Makes durable what is in a file.
    fn sync_file(&self, file: &Path) -> io::Result<()>;

    /// Makes durable the names in a folder.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Forgets what memory holds of a file that was just synced, so that it is read from where it lies.
    fn forget(&self, file: &Path);

    /// The lock of a folder, until it is dropped or its holder crashes; none when somebody has it.
    fn lock(&self, folder: &Path) -> Option<Box<dyn Any + Send + Sync>>;
}

impl Disk {
    pub(crate) fn create_folders(&self, folder: &Path) -> Result<(), Failure> {
        match self {
            Self::System => folder::create_all(folder),
            Self::Simulated(disk) => {
                disk.create_folders(folder).map_err(|error| Failure::new("creating the folder", folder, error))
            }
        }
    }

    pub(crate) fn lock(&self, folder: &Path) -> Result<FolderLock, LockError> {
        match self {
            Self::System => FolderLock::take(folder),
            Self::Simulated(disk) => disk.lock(folder).map(FolderLock::simulated).ok_or(LockError::Held(None)),
        }
    }

    pub(crate) fn sync_folder(&self, folder: &Path) -> Result<(), Failure> {
        match self {
            Self::System => folder::sync(folder),
            Self::Simulated(disk) => {
                disk.sync_folder(folder).map_err(|error| Failure::new("syncing the folder", folder, error))
            }
        }
    }

    pub(crate) fn files(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let failed = |error| Failure::new("listing", folder, error);
        match self {
            Self::System => {
                let entries = fs::read_dir(folder).map_err(failed)?;
                entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
            }
            Self::Simulated(disk) => disk.files(folder).map_err(failed),
        }
    }

    /// How long a file is; none if there is none.
    pub(crate) fn bytes(&self, file: &Path) -> Option<u64> {
        match self {
            Self::System => file.metadata().ok().map(|file| file.len()),
            Self::Simulated(disk) => disk.bytes(file),
        }
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        let renamed = match self {
            Self::System => fs::rename(from, to),
            Self::Simulated(disk) => disk.rename(from, to),
        };
        renamed.map_err(|error| Failure::new("naming", to, error))
    }

    /// Deletes a file, if there is one.
    pub(crate) fn delete(&self, file: &Path) -> Result<(), Failure> {
        let deleted = match self {
            Self::System => fs::remove_file(file),
            Self::Simulated(disk) => disk.delete(file),
        };
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::new("deleting", file, error)),
            _ => Ok(()),
        }
    }

    /// Makes durable what a killed process had written and not yet synced, before anybody reads it. A page whose sync
    /// failed once looks clean in the kernel's memory and is not on disk: let go of all pages, so that they are read from
    /// there.
    pub(crate) fn settle(&self, file: &Path) -> Result<(), Failure> {
        let settled = match self {
            Self::System => settle(file),
            Self::Simulated(disk) => disk.sync_file(file).map(|()| disk.forget(file)),
        };
        settled.map_err(|error| Failure::new("syncing", file, error))
    }
}

fn settle(file: &Path) -> io::Result<()> {
    let file = File::open(file)?;
    file.sync_all()?;
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}
