//! What holds for any `tidings.toml`: it is a whole configuration, the same each time, or an error that says what to do. The
//! fuzz target and the replay of its seeds both call it.

use std::{collections::BTreeMap, fs, path::Path};

use server::config::{Config, Flags, SPACES_MAX};

/// Panics when one of the facts does not hold. The first byte is the flags, the others are the file.
pub(crate) fn hold_for(bytes: &[u8]) {
    let Some((flags, file)) = bytes.split_first() else { return };
    let path = std::env::temp_dir().join(format!("tidings-fuzz-{}.toml", std::process::id()));
    fs::write(&path, file).expect("a file in the folder of temporary files");
    let flags = Flags { config: Some(path.clone()), dev: flags & 1 == 1, serves: flags & 2 == 2, ..Flags::default() };
    let read = || Config::load_from(&flags, BTreeMap::new(), Path::new(""));
    let (first, again) = (read(), read());
    fs::remove_file(&path).expect("it was written");
    match (first, again) {
        (Ok(loaded), Ok(again)) => {
            assert_eq!(loaded.config, again.config);
            // A file may open a server to this machine by itself; a flag is not taken back by one.
            assert!(loaded.config.dev || !flags.dev);
            assert!(!loaded.config.listen.addresses.is_empty());
            assert!((1..=SPACES_MAX + 1).contains(&loaded.config.spaces.len()));
            loaded.config.spaces.iter().for_each(|space| drop(space.rule_book(loaded.config.dev)));
        }
        (Err(error), Err(again)) => assert_eq!(error.to_string(), again.to_string()),
        _ => panic!("one file, two verdicts"),
    }
}
