//! A hash for keys that are the program's own, in place of the standard one, which also withstands keys that are chosen to
//! collide. It is for tables with a bound, where the worst such a key can do is small.

use std::hash::{BuildHasherDefault, Hasher};

pub(crate) type QuickHash = BuildHasherDefault<QuickHasher>;

#[derive(Debug, Default)]
pub(crate) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        for (place, byte) in last.iter_mut().zip(rest) {
            *place = *byte;
        }
        self.write_u64(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn texts_that_differ_a_little_have_different_hashes() {
        let texts = (0..5000).map(|number| format!("SELECT a, b FROM books WHERE id = ${number}"));
        let texts = texts.chain((0..64).map(|length| "x".repeat(length)));
        let hashes: HashSet<u64> = texts.map(|text| QuickHash::default().hash_one(text)).collect();
        assert_eq!(hashes.len(), 5064);
        // A table takes its place from the lowest bits and compares the highest.
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
        let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert!(low.len() > 2500 && high.len() == 128, "{} {}", low.len(), high.len());
    }
}
