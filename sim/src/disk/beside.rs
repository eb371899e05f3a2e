//! What the store does on a disk beside SQLite: names, syncs of folders, and the lock that keeps a second writer out.

use std::{
    any::Any,
    io,
    path::{Path, PathBuf},
};

use store::SimulatedDisk;
use vfs::Refusal;

use super::{Disk, text};

fn failed(refusal: Refusal) -> io::Error {
    io::Error::other(format!("{refusal:?}"))
}

impl SimulatedDisk for Disk {
    /// Folders are there and durable: the store makes them once, before anything that matters.
    fn create_folders(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn files(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.0.state.lock();
        Ok(state.names.within(&text(folder)).map(PathBuf::from).collect())
    }

    fn bytes(&self, file: &Path) -> Option<u64> {
        let state = self.0.state.lock();
        let inode = state.names.get(&text(file))?;
        state.inodes.get(&inode).map(|file| file.contents.len() as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.with(|calls| {
            calls.lives().map_err(failed)?;
            calls.0.names.rename(&text(from), &text(to));
            Ok(())
        })
    }

    fn delete(&self, file: &Path) -> io::Result<()> {
        self.with(|calls| calls.delete(&text(file), false)).map_err(|refusal| match refusal {
            Refusal::Absent => io::ErrorKind::NotFound.into(),
            refusal => failed(refusal),
        })
    }

    fn sync_file(&self, file: &Path) -> io::Result<()> {
        let inode = self.0.state.lock().names.get(&text(file)).ok_or(io::ErrorKind::NotFound)?;
        self.with(|calls| calls.sync_inode(inode)).map_err(failed)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.with(|calls| {
            calls.lives().map_err(failed)?;
            let weather = calls.0.weather;
            if calls.fails(b'f', weather.sync_fails_one_in) {
                calls.0.wear.syncs_failed += 1;
                return Err(failed(Refusal::Sync));
            }
            calls.0.names.sync(&text(folder));
            Ok(())
        })
    }

    fn forget(&self, file: &Path) {
        let state = &mut *self.0.state.lock();
        let inode = state.names.get(&text(file));
        if let Some(file) = inode.and_then(|inode| state.inodes.get_mut(&inode)) {
            file.contents.forget();
        }
    }

    fn lock(&self, folder: &Path) -> Option<Box<dyn Any + Send + Sync>> {
        let mut state = self.0.state.lock();
        let is_free = state.folders_locked.insert(folder.to_owned());
        let (disk, folder, life) = (self.clone(), folder.to_owned(), state.life);
        is_free.then(|| Box::new(Held { disk, folder, life }) as Box<dyn Any + Send + Sync>)
    }
}

/// A folder's lock while its holder lives.
struct Held {
    disk: Disk,
    folder: PathBuf,
    life: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.disk.0.state.lock();
        if state.life == self.life {
            state.folders_locked.remove(&self.folder);
        }
    }
}
