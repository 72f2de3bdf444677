//! Ids of documents that come without one.
//!
//! 20 characters, which may stand in an address: 15 bytes, of which 9 are a random number of the
//! process and 6 count, so that no clock is asked and ids that follow each other begin alike.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An id that no other document has.
pub(super) fn make() -> String {
    static PROCESS: OnceLock<[u8; 9]> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(|| {
        let random = Uuid::new_v4().into_bytes();
        // Those without the bits that are the same in all.
        let mut process = [0; 9];
        process[..6].copy_from_slice(&random[..6]);
        process[6..].copy_from_slice(&random[13..]);
        process
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut bytes = [0; 15];
    bytes[..9].copy_from_slice(process);
    bytes[9..].copy_from_slice(&count[2..]);
    encode(&bytes)
}

/// Six bits a character.
fn encode(bytes: &[u8; 15]) -> String {
    let mut text = String::with_capacity(20);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(DIGITS[bits >> shift & 63]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_many_threads_differ_and_may_stand_in_an_address() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..1000).map(|_| make()).collect::<Vec<_>>()))
            .collect();
        let ids = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"));
        let ids: HashSet<String> = ids.collect();
        assert_eq!(ids.len(), 4000);
        for id in ids {
            assert_eq!(id.len(), 20);
            assert!(id.bytes().all(|byte| DIGITS.contains(&byte)), "{id}");
        }
    }

    #[test]
    fn bits_become_digits() {
        assert_eq!(encode(&[0; 15]), "A".repeat(20));
        assert_eq!(encode(&[255; 15]), "_".repeat(20));
        let mut one = [0; 15];
        one[14] = 1;
        assert_eq!(encode(&one), "AAAAAAAAAAAAAAAAAAAB");
    }
}
