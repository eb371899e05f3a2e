//! The ids that this server gives to people: random ones to those who come in, derived ones to names at the command line.

use journal::UserId;

/// Crockford's digits: no letter that is mistaken for another one.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What the ids of names are derived for; another text would give everybody another id.
const DERIVATION: &str = "tidings: the user id of a name given to `tidings token`, version 1";

/// An id of its own for somebody new, from 128 random bits: `u_` and 26 digits.
#[must_use]
pub fn random_user_id(random: [u8; 16]) -> UserId {
    user_id("u_", random)
}

/// The id that a name always has when a token is minted for it: `n_` and 26 digits. Nobody who came in by another door
/// has such an id.
#[must_use]
pub fn user_id_of_name(name: &str) -> UserId {
    let mut bits = [0; 16];
    blake3::Hasher::new_derive_key(DERIVATION).update(name.as_bytes()).finalize_xof().fill(&mut bits);
    user_id("n_", bits)
}

fn user_id(prefix: &str, bits: [u8; 16]) -> UserId {
    UserId::new(&format!("{prefix}{}", digits(bits))).expect("28 plain characters are an id")
}

/// 128 bits in 26 digits of five bits each, the highest first.
pub(super) fn digits(bits: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bits);
    let digit = |place: u32| char::from(DIGITS[usize::try_from(number >> (5 * place) & 31).expect("five bits")]);
    (0..26).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_always_has_the_same_id_and_other_names_others() {
        // The literal holds the derivation still: with another one, people would lose what is theirs.
        assert_eq!(user_id_of_name("ann").as_str(), "n_1zzz8q7cyqddnyzewan1srg14m");
        assert_ne!(user_id_of_name("ann"), user_id_of_name("Ann"));
    }

    #[test]
    fn random_ids_carry_all_their_bits() {
        assert_eq!(random_user_id([0; 16]).as_str(), "u_00000000000000000000000000");
        assert_eq!(random_user_id([0xff; 16]).as_str(), "u_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        let mut one = [0; 16];
        one[15] = 1;
        assert_eq!(random_user_id(one).as_str(), "u_00000000000000000000000001");
    }
}
