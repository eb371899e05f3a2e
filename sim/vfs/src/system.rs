//! SQLite's table of a file system, and how it becomes the default one.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    ptr, slice,
    time::Duration,
};

use rusqlite::ffi;

use crate::{FileSystem, Opening, files::OpenFile};

/// Bytes of the longest path.
const PATH_BYTES_MAX: c_int = 512;

/// Milliseconds from the beginning of the Julian period, by which SQLite counts, to 1970.
const JULIAN_1970_MS: i64 = 210_866_760_000_000;

/// Makes a file system SQLite's default in this process, for ever. False: SQLite would not have it.
#[must_use]
pub fn register(name: &str, system: &'static dyn FileSystem) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    let table = ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: OpenFile::BYTES as c_int,
        mxPathname: PATH_BYTES_MAX,
        pNext: ptr::null_mut(),
        zName: name.into_raw(),
        pAppData: Box::into_raw(Box::new(system)).cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: the table, its name and what `pAppData` points to are leaked, so they live as long as SQLite may use them;
    // every function in it keeps SQLite's contract.
    unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(table)), 1) == ffi::SQLITE_OK }
}

/// Makes SQLite ask the file system for randomness anew: it asks once and makes the rest of it.
pub fn forget_randomness() {
    // SAFETY: with no bytes asked for, SQLite only forgets its seed (<https://sqlite.org/c3ref/randomness.html>).
    unsafe { ffi::sqlite3_randomness(0, ptr::null_mut()) };
}

/// The file system behind SQLite's pointer.
///
/// # Safety
/// `vfs` must be the table that [`register`] made.
unsafe fn system(vfs: *mut ffi::sqlite3_vfs) -> &'static dyn FileSystem {
    // SAFETY: `register` put a leaked `&'static dyn FileSystem` there.
    unsafe { *(*vfs).pAppData.cast::<&'static dyn FileSystem>() }
}

/// A path, if it is text.
///
/// # Safety
/// `path` must end in a zero byte and stay as it is for as long as the result is used.
unsafe fn text<'p>(path: *const c_char) -> Option<&'p str> {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is ours; a path that is not null ends in a zero byte and outlives the file.
    let (system, path) = unsafe { (system(vfs), (!path.is_null()).then(|| text(path))) };
    // SAFETY: `file` is `szOsFile` bytes that SQLite reserved. Without methods it counts as never opened.
    unsafe { (*file).pMethods = ptr::null() };
    let Some(path) = path.map_or(Some(None), |path| path.map(Some)) else { return ffi::SQLITE_CANTOPEN };
    let has = |flag: c_int| flags & flag != 0;
    let how = Opening {
        creates: has(ffi::SQLITE_OPEN_CREATE),
        is_new: has(ffi::SQLITE_OPEN_EXCLUSIVE),
        is_read_only: has(ffi::SQLITE_OPEN_READONLY),
        is_temporary: has(ffi::SQLITE_OPEN_DELETEONCLOSE),
        is_log: has(ffi::SQLITE_OPEN_WAL),
    };
    match system.open(path, how) {
        Ok(id) => {
            // SAFETY: `file` has room for an `OpenFile` (`szOsFile`) and SQLite aligns it to eight bytes, which is enough
            // for pointers; what was there needs no dropping. `out_flags` is null or SQLite's own variable.
            unsafe {
                file.cast::<OpenFile>().write(OpenFile::new(system, id));
                if let Some(out_flags) = out_flags.as_mut() {
                    *out_flags = flags;
                }
            }
            ffi::SQLITE_OK
        }
        Err(refusal) => refusal.code(),
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, path: *const c_char, durably: c_int) -> c_int {
    // SAFETY: `vfs` is ours, the path ends in a zero byte.
    let (system, path) = unsafe { (system(vfs), text(path)) };
    let Some(path) = path else { return ffi::SQLITE_IOERR_DELETE };
    system.delete(path, durably != 0).map_or_else(crate::Refusal::code, |()| ffi::SQLITE_OK)
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    is_there: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is ours, the path ends in a zero byte, `is_there` is SQLite's own variable.
    let (system, path, is_there) = unsafe { (system(vfs), text(path), &mut *is_there) };
    *is_there = c_int::from(path.is_some_and(|path| system.exists(path)));
    ffi::SQLITE_OK
}

/// Paths are given in full.
unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: the path ends in a zero byte.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if path.len() > usize::try_from(room).unwrap_or(0) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for `room` bytes, which is enough, and does not overlap SQLite's own text of the path.
    unsafe { ptr::copy_nonoverlapping(path.as_ptr().cast(), out, path.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, bytes: c_int, out: *mut c_char) -> c_int {
    let length = usize::try_from(bytes).unwrap_or(0);
    // SAFETY: `vfs` is ours; `out` has room for `bytes` bytes, which are zeroed before anybody sees them.
    let (system, out) = unsafe {
        out.write_bytes(0, length);
        (system(vfs), slice::from_raw_parts_mut(out.cast::<u8>(), length))
    };
    system.random(out);
    bytes
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    // SAFETY: `vfs` is ours.
    let system = unsafe { system(vfs) };
    system.sleep(Duration::from_micros(u64::try_from(microseconds).unwrap_or(0)));
    microseconds
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: `vfs` is ours, `days` is SQLite's own variable.
    let (system, days) = unsafe { (system(vfs), &mut *days) };
    *days = julian_ms(system) as f64 / 86_400_000.0;
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(vfs: *mut ffi::sqlite3_vfs, now: *mut i64) -> c_int {
    // SAFETY: `vfs` is ours, `now` is SQLite's own variable.
    let (system, now) = unsafe { (system(vfs), &mut *now) };
    *now = julian_ms(system);
    ffi::SQLITE_OK
}

fn julian_ms(system: &dyn FileSystem) -> i64 {
    JULIAN_1970_MS + i64::try_from(system.now_ms()).unwrap_or(0)
}
