//! All simulated disks of this process as one file system of SQLite's: the first part of a path names the disk.
//!
//! SQLite's default file system is one for the whole process, while each world has a disk of its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Once, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use vfs::{FileId, FileSystem, Lock, Opening, Refusal, SharedMemory};

use super::{Disk, Inner};

/// Where the disks hang.
const MOUNTS: &str = "/simulated";

/// The bits of a file's number that are its disk's own; those above name the disk.
const OWN_BITS: u32 = 32;

static SYSTEM: System = System { disks: Mutex::new(BTreeMap::new()) };
static NEXT: AtomicU64 = AtomicU64::new(1);
static REGISTERED: Once = Once::new();

struct System {
    disks: Mutex<BTreeMap<u64, Weak<Inner>>>,
}

/// Makes a disk that lies in a folder of its own.
pub(super) fn mount(make: impl FnOnce(String) -> Disk) -> Disk {
    REGISTERED.call_once(|| assert!(vfs::register("simulated", &SYSTEM), "SQLite takes any file system"));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let disk = make(format!("{MOUNTS}/{number:08}"));
    SYSTEM.disks.lock().insert(number, Arc::downgrade(&disk.0));
    disk
}

pub(super) fn unmount(root: &str) {
    if let Some(number) = number_in(root) {
        SYSTEM.disks.lock().remove(&number);
    }
}

fn number_in(path: &str) -> Option<u64> {
    path.strip_prefix(MOUNTS)?.split('/').nth(1)?.parse().ok()
}

impl System {
    fn disk(&self, number: u64) -> Result<Disk, Refusal> {
        let disk = self.disks.lock().get(&number).and_then(Weak::upgrade);
        disk.map(Disk).ok_or(Refusal::Dead)
    }

    fn of_path(&self, path: &str) -> Result<Disk, Refusal> {
        self.disk(number_in(path).ok_or(Refusal::CannotOpen)?)
    }

    /// A file's disk and its number there.
    fn of_file(&self, file: FileId) -> Result<(Disk, FileId), Refusal> {
        Ok((self.disk(file >> OWN_BITS)?, file & ((1 << OWN_BITS) - 1)))
    }
}

impl FileSystem for System {
    fn open(&self, path: Option<&str>, how: Opening) -> Result<FileId, Refusal> {
        // A temporary file would belong to nobody's disk. The store keeps temporary things in memory.
        let path = path.ok_or(Refusal::CannotOpen)?;
        let number = number_in(path).ok_or(Refusal::CannotOpen)?;
        let file = self.disk(number)?.with(|calls| calls.open(Some(path), how))?;
        Ok(number << OWN_BITS | file)
    }

    fn close(&self, file: FileId) {
        if let Ok((disk, file)) = self.of_file(file) {
            disk.with(|calls| calls.close(file));
        }
    }

    fn delete(&self, path: &str, durably: bool) -> Result<(), Refusal> {
        self.of_path(path)?.with(|calls| calls.delete(path, durably))
    }

    fn exists(&self, path: &str) -> bool {
        self.of_path(path).is_ok_and(|disk| disk.with(|calls| calls.exists(path)))
    }

    fn read(&self, file: FileId, offset: u64, into: &mut [u8]) -> Result<usize, Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.read(file, offset, into))
    }

    fn write(&self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.write(file, offset, bytes))
    }

    fn truncate(&self, file: FileId, bytes: u64) -> Result<(), Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.truncate(file, bytes))
    }

    fn sync(&self, file: FileId) -> Result<(), Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.sync(file))
    }

    fn bytes(&self, file: FileId) -> Result<u64, Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.bytes(file))
    }

    fn lock(&self, file: FileId, lock: Lock) -> Result<(), Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.lock(file, lock))
    }

    fn unlock(&self, file: FileId, lock: Lock) {
        if let Ok((disk, file)) = self.of_file(file) {
            disk.with(|calls| calls.unlock(file, lock));
        }
    }

    fn is_reserved(&self, file: FileId) -> bool {
        self.of_file(file).is_ok_and(|(disk, file)| disk.with(|calls| calls.is_reserved(file)))
    }

    fn shared_memory(&self, file: FileId) -> Result<SharedMemory, Refusal> {
        let (disk, file) = self.of_file(file)?;
        disk.with(|calls| calls.shared_memory(file))
    }

    /// The same bytes in every run: SQLite makes the salts of its logs of them, which only have to differ within one.
    fn random(&self, into: &mut [u8]) {
        let mut random = crate::random::Random::new(1);
        into.iter_mut().for_each(|byte| *byte = random.next() as u8);
    }

    /// Nobody waits here: one thread does everything, so nothing would change meanwhile.
    fn sleep(&self, _: Duration) {}

    /// SQLite asks for the time only in functions that the store does not use.
    fn now_ms(&self) -> u64 {
        0
    }
}
