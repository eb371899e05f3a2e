//! How a disk behaves at present: which of its answers are errors.

use crate::random::Random;

/// Once in how many calls each kind fails; 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Writes, and cuts.
    pub(crate) write_fails_one_in: u64,
    /// Syncs of files and folders.
    pub(crate) sync_fails_one_in: u64,
    /// Syncs of a log's name, of which SQLite never learns.
    pub(crate) log_name_fails_one_in: u64,
    /// Reads.
    pub(crate) read_fails_one_in: u64,
    /// Opening.
    pub(crate) open_fails_one_in: u64,
    /// No file can grow.
    pub(crate) is_full: bool,
}

impl Weather {
    /// Nothing fails.
    pub(crate) const FAIR: Self = Self {
        write_fails_one_in: 0,
        sync_fails_one_in: 0,
        log_name_fails_one_in: 0,
        read_fails_one_in: 0,
        open_fails_one_in: 0,
        is_full: false,
    };

    /// Something fails now and then.
    #[must_use]
    pub(crate) fn bad(random: &mut Random) -> Self {
        let mut weather = Self::FAIR;
        let one_in = random.within(3..=40);
        match random.below(6) {
            0 => weather.write_fails_one_in = one_in,
            1 | 2 => (weather.sync_fails_one_in, weather.log_name_fails_one_in) = (one_in, one_in),
            3 => weather.read_fails_one_in = one_in * 10,
            4 => weather.open_fails_one_in = one_in,
            _ => weather.is_full = true,
        }
        weather
    }
}
