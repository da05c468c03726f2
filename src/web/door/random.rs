//! Secrets from the operating system's random source, and what is kept of them.

use std::io;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::model::hex;

/// Thirty-two random bytes.
///
/// # Errors
/// When the operating system has none to give.
pub fn secret() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::from)?;
    Ok(bytes)
}

/// Eight random digits, each number as likely as any other.
///
/// # Errors
/// When the operating system has no random numbers to give.
pub fn digits() -> io::Result<[u8; 8]> {
    /// How many numbers of eight digits there are.
    const ALL: u32 = 100_000_000;
    loop {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        let number = u32::from_be_bytes(bytes);
        // The last, incomplete hundred million would make the first digits likelier.
        if number < u32::MAX / ALL * ALL {
            let text = format!("{:08}", number % ALL);
            return Ok(text.as_bytes().first_chunk().copied().unwrap_or_default());
        }
    }
}

/// What follows from a secret for one purpose. It tells nothing of the secret, nor of what follows for another purpose.
pub fn derived(secret: &str, purpose: &str) -> String {
    hex(&Sha256::new().chain_update(purpose).chain_update([0]).chain_update(secret).finalize())
}

/// Whether two texts are the same; how long it takes does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_digits_are_digits() {
        assert_ne!(secret().unwrap(), secret().unwrap());
        for _ in 0..1000 {
            assert!(digits().unwrap().iter().all(u8::is_ascii_digit));
        }
    }

    #[test]
    fn what_follows_from_a_secret_depends_on_the_purpose() {
        assert_eq!(derived("a", "form"), derived("a", "form"));
        assert_ne!(derived("a", "form"), derived("a", "session"));
        assert_ne!(derived("a", "form"), derived("b", "form"));
        assert_eq!(derived("", "").len(), 64);
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab"));
    }
}
