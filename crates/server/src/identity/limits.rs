//! Every bound of identity, with its unit in the name and its reason beside it.

use std::time::Duration;

/// A token in bytes: headers of requests are bounded in this order too, and ours have about 300.
pub const TOKEN_BYTES_MAX: usize = 8_192;

/// How far the clock of an existing app may run ahead of ours, in ms.
pub const CLOCK_SKEW_MS_MAX: u64 = 30_000;

/// The characters of a name: more would not fit on a screen beside a message.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// The shortest password in bytes. NIST SP 800-63B asks for eight characters, and against any rule of composition.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// The longest password in bytes: a phrase fits, and hashing time stays that of the hash.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// The body of a call in bytes: name, e-mail, password and the address of a picture, and whatever else apps send along.
pub const BODY_BYTES_MAX: usize = 65_536;

/// Passwords that are hashed at the same time: each takes 19 MiB and a core.
pub const HASHES_AT_ONCE_MAX: usize = 2;

/// Calls that wait for a password to be hashed; at about 40 ms each the last one waits for a second or two. Above, the
/// caller is told to come back.
pub const HASHES_WAITING_MAX: usize = 64;

/// Attempts at one account before it takes time, and the time after which one more is free: 1 440 guesses a day find no
/// password that follows the rules, and a person who forgot theirs is not locked out.
pub const ACCOUNT_ATTEMPTS_MAX: u32 = 10;
/// See [`ACCOUNT_ATTEMPTS_MAX`].
pub const ACCOUNT_ATTEMPT_EVERY: Duration = Duration::from_secs(60);

/// Attempts from one address before it takes time, and the time after which one more is free. Many people share an
/// address, behind a proxy or a school's router; so this is wide, and the account's is narrow.
pub const ADDRESS_ATTEMPTS_MAX: u32 = 60;
/// See [`ADDRESS_ATTEMPTS_MAX`].
pub const ADDRESS_ATTEMPT_EVERY: Duration = Duration::from_secs(1);

/// How long a set-up link is good for.
pub const SETUP_TIME_MAX: Duration = Duration::from_secs(3_600);

/// How often the accounts are asked whether another process changed them. Revocations have to arrive within a second.
pub const ACCOUNTS_POLL_EVERY: Duration = Duration::from_millis(500);

/// How often revoked tokens that have expired anyway are forgotten.
pub const ACCOUNTS_PURGE_EVERY: Duration = Duration::from_secs(3_600);
