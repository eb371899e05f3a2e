//! SQLite's table of what can be done with an open file, each call handed to the file system.

use std::{
    ffi::{c_int, c_void},
    slice,
};

use rusqlite::ffi;

use crate::{FileId, FileSystem, Lock, Refusal, shared_memory::Share};

/// SQLite's file, and ours behind it.
#[repr(C)]
pub(crate) struct OpenFile {
    /// SQLite's part, which must come first.
    base: ffi::sqlite3_file,
    ours: Box<Ours>,
}

pub(crate) struct Ours {
    system: &'static dyn FileSystem,
    id: FileId,
    share: Option<Share>,
}

/// The table. Version 2: with shared memory, without memory-mapped reading.
pub(crate) static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

impl OpenFile {
    /// Bytes that SQLite has to reserve for a file.
    pub(crate) const BYTES: usize = size_of::<Self>();

    pub(crate) fn new(system: &'static dyn FileSystem, id: FileId) -> Self {
        let base = ffi::sqlite3_file { pMethods: &raw const METHODS };
        Self { base, ours: Box::new(Ours { system, id, share: None }) }
    }
}

/// The file behind SQLite's pointer.
///
/// # Safety
/// `file` must be one that `xOpen` of this file system has filled in and `xClose` has not taken apart, and nobody else may
/// use it meanwhile: SQLite calls a file's methods one at a time.
unsafe fn ours<'f>(file: *mut ffi::sqlite3_file) -> &'f mut Ours {
    // SAFETY: `OpenFile` begins with `sqlite3_file` (`repr(C)`), and `xOpen` wrote a whole one there.
    let file = unsafe { &mut *file.cast::<OpenFile>() };
    debug_assert!(!file.base.pMethods.is_null());
    &mut file.ours
}

fn answer(result: Result<(), Refusal>) -> c_int {
    result.map_or_else(Refusal::code, |()| ffi::SQLITE_OK)
}

fn level(lock: c_int) -> Lock {
    match lock {
        ffi::SQLITE_LOCK_NONE => Lock::None,
        ffi::SQLITE_LOCK_SHARED => Lock::Shared,
        ffi::SQLITE_LOCK_RESERVED => Lock::Reserved,
        ffi::SQLITE_LOCK_PENDING => Lock::Pending,
        _ => Lock::Exclusive,
    }
}

/// SQLite never passes negative lengths and offsets.
fn unsigned(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}

fn length(number: c_int) -> usize {
    usize::try_from(number).unwrap_or(0)
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once and does not use it afterwards, so it may be moved out.
    let file = unsafe { file.cast::<OpenFile>().read() };
    let Ours { system, id, share } = *file.ours;
    drop(share);
    system.close(id);
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, bytes: c_int, offset: i64) -> c_int {
    // SAFETY: an open file of ours; `into` has room for `bytes` bytes, initialised or not, and is SQLite's own. It is
    // filled with zeros first, so that no uninitialised byte is ever seen.
    let (ours, into) = unsafe {
        into.cast::<u8>().write_bytes(0, length(bytes));
        (ours(file), slice::from_raw_parts_mut(into.cast::<u8>(), length(bytes)))
    };
    match ours.system.read(ours.id, unsigned(offset), into) {
        Ok(read) if read == into.len() => ffi::SQLITE_OK,
        // The rest stays zero, as SQLite demands.
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(refusal) => refusal.code(),
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, bytes: c_int, offset: i64) -> c_int {
    // SAFETY: an open file of ours; `from` holds `bytes` bytes that nobody changes during the call.
    let (ours, from) = unsafe { (ours(file), slice::from_raw_parts(from.cast::<u8>(), length(bytes))) };
    answer(ours.system.write(ours.id, unsigned(offset), from))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, bytes: i64) -> c_int {
    // SAFETY: an open file of ours.
    let ours = unsafe { ours(file) };
    answer(ours.system.truncate(ours.id, unsigned(bytes)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let ours = unsafe { ours(file) };
    answer(ours.system.sync(ours.id))
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: an open file of ours; `size` is SQLite's own variable.
    let (ours, size) = unsafe { (ours(file), &mut *size) };
    match ours.system.bytes(ours.id) {
        Ok(bytes) => {
            *size = i64::try_from(bytes).unwrap_or(i64::MAX);
            ffi::SQLITE_OK
        }
        Err(refusal) => refusal.code(),
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, lock: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let ours = unsafe { ours(file) };
    answer(ours.system.lock(ours.id, level(lock)))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, lock: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let ours = unsafe { ours(file) };
    ours.system.unlock(ours.id, level(lock));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, is_reserved: *mut c_int) -> c_int {
    // SAFETY: an open file of ours; `is_reserved` is SQLite's own variable.
    let (ours, is_reserved) = unsafe { (ours(file), &mut *is_reserved) };
    *is_reserved = c_int::from(ours.system.is_reserved(ours.id));
    ffi::SQLITE_OK
}

/// Nothing beyond what every file system does.
unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _operation: c_int, _argument: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

/// What SQLite's own file system for Unix says.
unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// What SQLite's own file system for Unix says: a write that is cut harms nothing beside it.
unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    address: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file of ours; `address` is SQLite's own variable.
    let (ours, address) = unsafe { (ours(file), &mut *address) };
    let share = match &ours.share {
        Some(share) => share,
        None => match ours.system.shared_memory(ours.id) {
            Ok(memory) => ours.share.insert(memory.share()),
            Err(refusal) => return refusal.code(),
        },
    };
    *address = share.region(length(region), length(bytes), extend != 0);
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let ours = unsafe { ours(file) };
    let slots = length(first)..length(first) + length(count);
    let (takes, is_exclusive) = (flags & ffi::SQLITE_SHM_LOCK != 0, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0);
    let is_done = ours.share.as_mut().is_some_and(|share| share.lock(slots, takes, is_exclusive));
    if is_done { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: an open file of ours. Regions that SQLite no longer asks for are no longer used by this connection.
    let ours = unsafe { ours(file) };
    drop(ours.share.take());
    ffi::SQLITE_OK
}
