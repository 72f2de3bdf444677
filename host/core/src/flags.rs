//! Flags, eight at a time: bits, as Arrow has them, and bytes that are 0 or 1, as guests have them.

use arrow_buffer::{BooleanBuffer, Buffer};

const ONES: u64 = 0x0101_0101_0101_0101;

/// A byte for each bit.
pub(crate) fn to_bytes(bits: &BooleanBuffer) -> Vec<u8> {
    let word = |word: u64| word.to_le_bytes().map(|byte| spread(byte).to_le_bytes());
    let bytes: Vec<_> = bits.bit_chunks().iter_padded().map(word).collect();
    let mut bytes = bytes.into_flattened().into_flattened();
    bytes.truncate(bits.len());
    bytes
}

/// A bit for each byte, each of which is 0 or 1.
pub(crate) fn to_bits(bytes: &[u8]) -> BooleanBuffer {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let eights = eights.iter().chain(std::iter::once(&last));
    let bits: Vec<u8> = eights.map(|eight| gather(*eight)).collect();
    BooleanBuffer::new(Buffer::from_vec(bits), 0, bytes.len())
}

/// The bits of a byte, each in a byte of its own.
fn spread(byte: u8) -> u64 {
    // Eight copies of the byte, of which the first keeps the first bit, and so on; then each byte
    // that is not zero becomes 1.
    let bits = (u64::from(byte) * ONES) & 0x8040_2010_0804_0201;
    ((bits + 0x7f * ONES) >> 7) & ONES
}

/// The byte of eight flags.
fn gather(flags: [u8; 8]) -> u8 {
    // Each flag is moved to its place in the last byte; no two meet in one bit.
    (u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_its_flags() {
        for byte in 0..=u8::MAX {
            let flags: Vec<u8> = (0..8).map(|bit| (byte >> bit) & 1).collect();
            assert_eq!(spread(byte).to_le_bytes().to_vec(), flags);
            assert_eq!(gather(spread(byte).to_le_bytes()), byte);
        }
    }

    #[test]
    fn bits_become_bytes_and_bits_again() {
        let bits = BooleanBuffer::collect_bool(200, |row| row % 3 == 0);
        for (start, length) in [(0, 200), (1, 64), (7, 0), (63, 129)] {
            let expected: Vec<u8> = (start..start + length)
                .map(|row| u8::from(row % 3 == 0))
                .collect();
            let slice = bits.slice(start, length);
            assert_eq!(to_bytes(&slice), expected);
            assert_eq!(to_bits(&expected), slice);
        }
    }
}
