//! The secret behind the tokens: what makes one too weak, and a type that does not show it in logs.

use std::fmt;

/// The shortest secret that HS256 deserves, in bytes: as long as its hash.
pub const SECRET_BYTES_MIN: usize = 32;

/// Fewer different bytes than this is a pattern, not a secret. A random one of 32 hexadecimal digits has about 14.
const SECRET_DIFFERENT_BYTES_MIN: usize = 8;

/// Beginnings and parts of the secrets that tutorials, templates and token debuggers ship, in lower case and without
/// anything but letters. Whoever attacks a server tries these first.
const PUBLIC_PARTS: [&str; 12] = [
    "astringsecretatleastbitslong",
    "changeme",
    "changethis",
    "changeinproduction",
    "defaultsecret",
    "insecure",
    "jwtsecretkey",
    "notsosecret",
    "replacethis",
    "replaceme",
    "supersecret",
    "yoursecret",
];

/// More of them, which are too short or too ordinary to look for inside a secret.
const PUBLIC_BEGINNINGS: [&str; 5] = ["yourbitsecret", "yourjwt", "yoursuper", "secretkey", "mysecret"];

/// The text whose bytes sign and verify tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret is too weak for a server that others reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Nothing at all: anybody can sign with it.
    #[error(
        "the secret is empty. Remove it, and the server makes one of its own; or set at least {SECRET_BYTES_MIN} random bytes."
    )]
    Empty,
    /// Shorter than the hash that it keys.
    #[error(
        "the secret has {bytes} bytes and needs at least {SECRET_BYTES_MIN}, or tokens can be forged by trying. `openssl \
         rand -hex 32` prints a good one; set it here and in the app that shares it."
    )]
    Short {
        /// How long it is.
        bytes: usize,
    },
    /// One that everybody knows, or a pattern.
    #[error(
        "the secret is one that is found in tutorials, or a pattern, so anybody can forge tokens. `openssl rand -hex 32` \
         prints a good one; set it here and in the app that shares it."
    )]
    Known,
}

impl Secret {
    /// Takes a secret as it is; [`Secret::weakness`] judges it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The bytes to sign with.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What is wrong with it, if anything.
    #[must_use]
    pub fn weakness(&self) -> Option<WeakSecret> {
        let bytes = self.0.len();
        if self.0.trim().is_empty() {
            Some(WeakSecret::Empty)
        } else if bytes < SECRET_BYTES_MIN {
            Some(WeakSecret::Short { bytes })
        } else if is_public(&self.0) || different_bytes(&self.0) < SECRET_DIFFERENT_BYTES_MIN {
            Some(WeakSecret::Known)
        } else {
            None
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn is_public(text: &str) -> bool {
    let letters: String =
        text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect();
    PUBLIC_PARTS.iter().any(|part| letters.contains(part))
        || PUBLIC_BEGINNINGS.iter().any(|beginning| letters.starts_with(beginning))
}

fn different_bytes(text: &str) -> usize {
    let mut seen = [false; 256];
    text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakness(text: &str) -> Option<WeakSecret> {
        Secret::new(text.to_owned()).weakness()
    }

    #[test]
    fn random_secrets_are_good() {
        for good in [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "q4t7w!z%C*F-JaNdRgUkXp2s5v8y/B?E",
            "correct horse battery staple and more of it",
        ] {
            assert_eq!(weakness(good), None, "{good}");
        }
    }

    #[test]
    fn the_length_is_checked_at_its_end() {
        assert_eq!(weakness("9f86d081884c7d659a2feaa0c55ad01"), Some(WeakSecret::Short { bytes: 31 }));
        assert_eq!(weakness("9f86d081884c7d659a2feaa0c55ad015"), None);
        assert_eq!(weakness(""), Some(WeakSecret::Empty));
        assert_eq!(weakness("   "), Some(WeakSecret::Empty));
    }

    #[test]
    fn secrets_of_tutorials_and_patterns_are_refused_however_long() {
        for known in [
            "your-256-bit-secret-your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "your-super-secret-jwt-key-change-this-in-production",
            "your_jwt_secret_key_here_0123456789abcdef",
            "supersecretsupersecretsupersecret",
            "please-change-me-please-change-me-please",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "01230123012301230123012301230123",
        ] {
            assert_eq!(weakness(known), Some(WeakSecret::Known), "{known}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hidden".to_owned())), "Secret(…)");
    }
}
