//! The simulated disk: files and names that a crash or a power cut treats as a real one may.
//!
//! It is under the real SQLite (through `vfs`) and under what the real store does beside SQLite. What a process wrote it
//! reads; what was synced survives; of the rest a power cut keeps what it likes, sector by sector, and a failed sync too.
//! A crash of the process alone loses nothing of the files and all of the locks. Every handle of a process that crashed
//! answers with errors, so that taking the process apart writes nothing.

mod beside;
mod file;
mod locks;
mod names;
mod system;
#[cfg(test)]
mod tests;
mod weather;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vfs::{FileId, Lock, Opening, Refusal, SharedMemory};

pub(crate) use weather::Weather;

use crate::random::Random;
use file::{Contents, Keeps};
use locks::Locks;
use names::{Inode, Names, folder_of};

/// A disk of one world. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Inner>);

struct Inner {
    root: String,
    state: Mutex<State>,
}

/// What a run did to a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wear {
    /// Writes.
    pub writes: u64,
    /// Syncs that succeeded.
    pub syncs: u64,
    /// Syncs of files and folders that failed.
    pub syncs_failed: u64,
    /// Writes for which there was no room.
    pub writes_without_room: u64,
    /// Calls of any kind that were answered with an error on purpose.
    pub faults: u64,
}

struct State {
    random: Random,
    names: Names,
    inodes: BTreeMap<Inode, File>,
    handles: BTreeMap<FileId, Handle>,
    folders_locked: BTreeSet<PathBuf>,
    /// Which life of the server this is; handles and locks of earlier ones are dead.
    life: u64,
    /// Calls until the process that makes them is gone; none when nothing of the kind is planned.
    dies_after: Option<u64>,
    is_dead: bool,
    last_id: u64,
    weather: Weather,
    wear: Wear,
    /// A digest of everything that was done, in order.
    trace: u64,
}

#[derive(Default)]
struct File {
    contents: Contents,
    locks: Locks,
    memory: SharedMemory,
}

struct Handle {
    inode: Inode,
    life: u64,
    path: Option<String>,
    is_temporary: bool,
    is_read_only: bool,
    /// A log's name, which its first sync through this handle makes durable.
    names_itself: bool,
}

impl Disk {
    /// An empty disk; paths on it begin with [`Disk::root`].
    #[must_use]
    pub(crate) fn new(random: Random) -> Self {
        system::mount(|root| {
            let state = State {
                random,
                names: Names::default(),
                inodes: BTreeMap::new(),
                handles: BTreeMap::new(),
                folders_locked: BTreeSet::new(),
                life: 0,
                dies_after: None,
                is_dead: false,
                last_id: 0,
                weather: Weather::FAIR,
                wear: Wear::default(),
                trace: 0,
            };
            Self(Arc::new(Inner { root, state: Mutex::new(state) }))
        })
    }

    /// The folder that holds everything.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        Path::new(&self.0.root)
    }

    /// The same disk as the store knows it.
    #[must_use]
    pub(crate) fn as_store(&self) -> store::Disk {
        store::Disk::Simulated(Arc::new(self.clone()))
    }

    /// From now on calls fail like this.
    pub(crate) fn set_weather(&self, weather: Weather) {
        self.0.state.lock().weather = weather;
    }

    /// What was done to it so far.
    #[must_use]
    pub(crate) fn wear(&self) -> Wear {
        self.0.state.lock().wear
    }

    /// A digest of everything that was done to it so far, in order.
    #[must_use]
    pub(crate) fn trace(&self) -> u64 {
        self.0.state.lock().trace
    }

    /// The process that uses it will be gone after so many more calls that change something: from then on every call fails
    /// and changes nothing, until [`Disk::kill`] or [`Disk::lose_power`] says what kind of end it was.
    pub(crate) fn die_after(&self, calls: u64) {
        self.0.state.lock().dies_after = Some(calls);
    }

    /// Nothing of the kind is planned any more.
    pub(crate) fn die_never(&self) {
        self.0.state.lock().dies_after = None;
    }

    /// Whether the process that uses it is gone.
    #[must_use]
    pub(crate) fn is_dead(&self) -> bool {
        self.0.state.lock().is_dead
    }

    /// The process ends without a word; the machine goes on.
    pub(crate) fn kill(&self) {
        let mut state = self.0.state.lock();
        state.life += 1;
        (state.dies_after, state.is_dead) = (None, false);
        state.folders_locked.clear();
        for file in state.inodes.values_mut() {
            file.locks.clear();
            file.memory = SharedMemory::default();
        }
    }

    /// The machine loses power: of what was not synced, it keeps what it likes.
    pub(crate) fn lose_power(&self) {
        self.kill();
        let state = &mut *self.0.state.lock();
        let keeps = *state.random.pick(&Keeps::ALL);
        state.names.lose_power(&mut state.random);
        for file in state.inodes.values_mut() {
            file.contents.lose_power(keeps, &mut state.random);
        }
    }

    /// Deletes a file while no server runs, as its operator would.
    pub(crate) fn remove(&self, name: &Path) {
        let state = &mut *self.0.state.lock();
        state.names.take(&text(name));
        state.names.sync(folder_of(&text(name)));
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Calls<'_>) -> T) -> T {
        work(&mut Calls(&mut self.0.state.lock()))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        system::unmount(&self.root);
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Disk").field(&self.0.root).finish()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The calls of a file system, each of which may fail as the weather has it.
pub(crate) struct Calls<'d>(&'d mut State);

impl Calls<'_> {
    /// Whether the process still lives to make this call, which changes something.
    fn lives(&mut self) -> Result<(), Refusal> {
        if let Some(left) = &mut self.0.dies_after {
            *left = left.saturating_sub(1);
            self.0.is_dead |= *left == 0;
        }
        if self.0.is_dead { Err(Refusal::Dead) } else { Ok(()) }
    }

    pub(crate) fn open(&mut self, path: Option<&str>, how: Opening) -> Result<FileId, Refusal> {
        self.lives()?;
        let weather = self.0.weather;
        self.fails(b'o', weather.open_fails_one_in).then_some(Refusal::CannotOpen).map_or(Ok(()), Err)?;
        let present = path.and_then(|path| self.0.names.get(path));
        let inode = match present {
            Some(_) if how.is_new => return Err(Refusal::CannotOpen),
            Some(inode) => inode,
            None if how.creates || path.is_none() => self.create(path),
            None => return Err(Refusal::CannotOpen),
        };
        let id = self.next_id();
        // SQLite's own file system for Unix does so too for a log that was there: it cannot know whether its name is durable.
        let (path, names_itself) = (path.map(str::to_owned), how.creates && how.is_log);
        let (is_temporary, is_read_only) = (how.is_temporary, how.is_read_only);
        let handle = Handle { inode, life: self.0.life, path, is_temporary, is_read_only, names_itself };
        self.0.handles.insert(id, handle);
        Ok(id)
    }

    pub(crate) fn close(&mut self, id: FileId) {
        let Some(handle) = self.0.handles.remove(&id) else { return };
        if handle.life != self.0.life || self.0.is_dead {
            return;
        }
        if let Some(file) = self.0.inodes.get_mut(&handle.inode) {
            file.locks.give_back(id, Lock::None);
        }
        if let Some(path) = handle.path.filter(|_| handle.is_temporary) {
            self.0.names.take(&path);
        }
    }

    pub(crate) fn delete(&mut self, path: &str, durably: bool) -> Result<(), Refusal> {
        self.lives()?;
        self.mark(b'd', path.len() as u64);
        if self.0.names.get(path).is_none() {
            return Err(Refusal::Absent);
        }
        self.0.names.take(path);
        if durably {
            self.0.names.sync(folder_of(path));
        }
        Ok(())
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.0.names.get(path).is_some()
    }

    pub(crate) fn read(&mut self, id: FileId, offset: u64, into: &mut [u8]) -> Result<usize, Refusal> {
        let inode = self.inode(id)?;
        let weather = self.0.weather;
        if self.fails(b'r', weather.read_fails_one_in) {
            return Err(Refusal::Read);
        }
        Ok(self.file(inode).contents.read(offset as usize, into))
    }

    pub(crate) fn write(&mut self, id: FileId, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        self.lives()?;
        let inode = self.inode(id)?;
        let weather = self.0.weather;
        let grows = offset as usize + bytes.len() > self.file(inode).contents.len();
        if weather.is_full && grows {
            self.0.wear.faults += 1;
            self.0.wear.writes_without_room += 1;
            return Err(Refusal::Full);
        }
        if self.fails(b'w', weather.write_fails_one_in) {
            // Some of it may have been written.
            let written = self.0.random.index(bytes.len() + 1);
            self.file(inode).contents.write(offset as usize, &bytes[..written]);
            return Err(Refusal::Write);
        }
        self.mark(inode, offset ^ bytes.len() as u64);
        self.0.wear.writes += 1;
        self.file(inode).contents.write(offset as usize, bytes);
        Ok(())
    }

    pub(crate) fn truncate(&mut self, id: FileId, bytes: u64) -> Result<(), Refusal> {
        self.lives()?;
        let inode = self.inode(id)?;
        let weather = self.0.weather;
        if self.fails(b't', weather.write_fails_one_in) {
            return Err(Refusal::Truncate);
        }
        self.file(inode).contents.cut(bytes as usize);
        Ok(())
    }

    pub(crate) fn sync(&mut self, id: FileId) -> Result<(), Refusal> {
        let inode = self.inode(id)?;
        self.sync_inode(inode)?;
        let handle = self.0.handles.get_mut(&id).expect("its inode was just found");
        let names_itself = std::mem::take(&mut handle.names_itself);
        if let Some(path) = handle.path.clone().filter(|_| names_itself) {
            let weather = self.0.weather;
            // SQLite looks away when this fails.
            if !self.fails(b'n', weather.log_name_fails_one_in) {
                self.0.names.sync(folder_of(&path));
            }
        }
        Ok(())
    }

    fn sync_inode(&mut self, inode: Inode) -> Result<(), Refusal> {
        self.lives()?;
        let weather = self.0.weather;
        let fails = self.fails(b's', weather.sync_fails_one_in);
        let State { inodes, random, wear, .. } = &mut *self.0;
        let file = inodes.entry(inode).or_default();
        if fails {
            wear.syncs_failed += 1;
            file.contents.fail_sync(random);
            return Err(Refusal::Sync);
        }
        file.contents.sync();
        wear.syncs += 1;
        Ok(())
    }

    pub(crate) fn bytes(&mut self, id: FileId) -> Result<u64, Refusal> {
        let inode = self.inode(id)?;
        Ok(self.file(inode).contents.len() as u64)
    }

    pub(crate) fn lock(&mut self, id: FileId, lock: Lock) -> Result<(), Refusal> {
        let inode = self.inode(id)?;
        // So a reader that is the last to close a database does not move its log.
        if lock > Lock::Shared && self.0.handles.get(&id).is_some_and(|handle| handle.is_read_only) {
            return Err(Refusal::Lock);
        }
        self.file(inode).locks.take(id, lock)
    }

    pub(crate) fn unlock(&mut self, id: FileId, lock: Lock) {
        if let Ok(inode) = self.inode(id) {
            self.file(inode).locks.give_back(id, lock);
        }
    }

    pub(crate) fn is_reserved(&mut self, id: FileId) -> bool {
        self.inode(id).is_ok_and(|inode| self.file(inode).locks.is_reserved())
    }

    pub(crate) fn shared_memory(&mut self, id: FileId) -> Result<SharedMemory, Refusal> {
        let inode = self.inode(id)?;
        Ok(self.file(inode).memory.clone())
    }

    /// Whether a call of this kind fails now. It is written into the trace either way.
    fn fails(&mut self, kind: u8, one_in: u64) -> bool {
        let fails = self.0.random.one_in(one_in);
        self.mark(u64::from(kind), u64::from(fails));
        self.0.wear.faults += u64::from(fails);
        fails
    }

    fn mark(&mut self, what: impl Into<u64>, how: u64) {
        for number in [what.into(), how] {
            self.0.trace = (self.0.trace ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }

    fn create(&mut self, path: Option<&str>) -> Inode {
        let inode = self.next_id();
        self.0.inodes.insert(inode, File::default());
        if let Some(path) = path {
            self.0.names.give(path, inode);
        }
        inode
    }

    fn next_id(&mut self) -> u64 {
        self.0.last_id += 1;
        self.0.last_id
    }

    fn inode(&self, id: FileId) -> Result<Inode, Refusal> {
        let handle = self.0.handles.get(&id).filter(|handle| handle.life == self.0.life && !self.0.is_dead);
        handle.map(|handle| handle.inode).ok_or(Refusal::Dead)
    }

    fn file(&mut self, inode: Inode) -> &mut File {
        self.0.inodes.entry(inode).or_default()
    }
}
