//! Passwords: argon2id off the serving threads, a bounded number at once, behind a bounded line.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};
use tokio::{
    sync::Semaphore,
    task::{self, JoinError},
};

use super::limits::{HASHES_AT_ONCE_MAX, HASHES_WAITING_MAX, PASSWORD_BYTES_MAX};

/// Memory of one hash in KiB: OWASP's first recommendation for argon2id, with two passes in one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    line: Arc<Semaphore>,
    hashing: Arc<Semaphore>,
}

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// No memory or no randomness for it.
    #[error("the server cannot check passwords at this moment; try again in a few seconds")]
    Failed,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            line: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX)),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
        }
    }
}

impl Passwords {
    /// Hashes a new password, which follows the rules, into a PHC string.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.off_thread(move || hash(&password)).await?
    }

    /// Whether the password is the one behind a PHC string. Without a string it takes as long and says no.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, PasswordError> {
        let is_somebody = phc.is_some();
        let phc = phc.unwrap_or_else(nobodys);
        // A password of any length could be the right one only up to the bound; longer ones cost the same as others.
        let fits = password.len() <= PASSWORD_BYTES_MAX;
        let password = if fits { password } else { String::new() };
        Ok(self.off_thread(move || verify(&password, &phc)).await? && is_somebody && fits)
    }

    /// Waits in line and runs on a thread for blocking work. The places are given back when the work ends, also when
    /// the caller has gone away in between: so the bound is that of the work, not of the callers.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.line).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let done = task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|_: JoinError| PasswordError::Failed)
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What stands in for the hash of an account that does not exist, so that it takes as long as one that does: a salt and a hash of
/// zeros. Made up and not hashed, because a hash at every start costs time, and memory that stays with the process.
fn nobodys() -> String {
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = argon2().hash_password(password.as_bytes()).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_somebody_is_right() {
        let passwords = Passwords::default();
        let phc = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let check = async |password: &str, phc: Option<&str>| {
            passwords.verify(password.to_owned(), phc.map(str::to_owned)).await.unwrap()
        };
        assert!(check("correct horse", Some(&phc)).await);
        assert!(!check("correct horsf", Some(&phc)).await);
        assert!(!check("", Some(&phc)).await);
        assert!(!check("a password that nobody has", None).await);
        assert!(!check("correct horse", Some("no PHC string")).await);
    }

    /// A stand-in that could not be read would be answered at once, and tell which accounts exist.
    #[test]
    fn the_stand_in_for_an_account_that_does_not_exist_is_hashed_like_any_other() {
        let stand_in = nobodys();
        let read = PasswordHash::new(&stand_in).unwrap();
        let real = hash("correct horse").unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!((read.algorithm, read.version, &read.params), (real.algorithm, real.version, &real.params));
        let bytes = |hash: &PasswordHash| {
            (hash.salt.as_ref().unwrap().as_ref().len(), hash.hash.as_ref().unwrap().as_bytes().len())
        };
        assert_eq!(bytes(&read), bytes(&real));
        assert_eq!(
            argon2().verify_password(b"correct horse", &read),
            Err(argon2::password_hash::Error::PasswordInvalid),
            "it was hashed, and differs"
        );
    }

    #[tokio::test]
    async fn a_password_that_is_too_long_to_be_right_is_wrong() {
        let passwords = Passwords::default();
        let check = async |bytes: usize| {
            let phc = passwords.hash("x".repeat(bytes)).await.unwrap();
            passwords.verify("x".repeat(bytes), Some(phc)).await.unwrap()
        };
        assert!(check(PASSWORD_BYTES_MAX).await);
        assert!(!check(PASSWORD_BYTES_MAX + 1).await);
    }

    #[tokio::test]
    async fn at_most_two_hash_at_once_and_a_full_line_is_refused() {
        let passwords = Passwords::default();
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(parking_lot::Mutex::new(held));
        let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let work = || {
            let (at_once, most, held) = (Arc::clone(&at_once), Arc::clone(&most), Arc::clone(&held));
            let started = started.clone();
            move || {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                started.send(()).unwrap();
                let _ended = held.lock().recv();
                at_once.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let places = HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX;
        let waiting: Vec<_> = (0..places)
            .map(|_| {
                let (passwords, work) = (passwords.clone(), work());
                tokio::spawn(async move { passwords.off_thread(work).await })
            })
            .collect();
        for _ in 0..HASHES_AT_ONCE_MAX {
            starts.recv().await.unwrap();
        }
        while passwords.line.available_permits() > 0 {
            task::yield_now().await;
        }
        assert_eq!(passwords.verify("x".to_owned(), None).await, Err(PasswordError::Busy));
        drop(release);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), HASHES_AT_ONCE_MAX);
        assert_eq!(passwords.line.available_permits(), places);
    }
}
