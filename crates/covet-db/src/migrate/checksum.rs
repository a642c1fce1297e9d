//! A checksum of a migration's text: FNV-1a with 128 bits.
//!
//! It finds edits, and nothing more is asked of it: whoever can change a migration on purpose can change the program that
//! would check it. That needs no cryptography and so no dependency. Line ends are read as `\n`, so that a checkout on
//! another system has the same checksum.

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

pub(super) fn of(text: &str) -> String {
    let mut hash = OFFSET;
    for line in text.lines() {
        for byte in line.bytes().chain([b'\n']) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn it_is_stable_and_sees_edits() {
        assert_eq!(of(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(of("SELECT 1;\r\nSELECT 2;\r\n"), of("SELECT 1;\nSELECT 2;\n"));
        assert_ne!(of("SELECT 1;"), of("SELECT 2;"));
    }
}
