//! Sets of permissions.

/// The most permissions that a program can declare.
pub(crate) const CAPACITY: usize = 256;

/// A set of permissions of one [`Registry`](super::Registry), as 256 bits.
///
/// All operations that decide are `const`, so what a handler requires is a constant of the program.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PermissionSet([u64; CAPACITY / 64]);

impl PermissionSet {
    /// No permission.
    pub const EMPTY: PermissionSet = PermissionSet([0; CAPACITY / 64]);

    /// The set with one permission more, by its place in the registry.
    ///
    /// # Panics
    /// If the place is 256 or more, which `permissions!` refuses at compile time.
    #[must_use]
    pub const fn with(mut self, index: usize) -> PermissionSet {
        self.0[index / 64] |= 1 << (index % 64);
        self
    }

    /// What one or the other has.
    #[must_use]
    pub const fn union(self, other: PermissionSet) -> PermissionSet {
        let (a, b) = (self.0, other.0);
        PermissionSet([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }

    /// What both have.
    #[must_use]
    pub const fn intersection(self, other: PermissionSet) -> PermissionSet {
        let (a, b) = (self.0, other.0);
        PermissionSet([a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])
    }

    /// Whether every permission of the other set is in this one.
    #[inline]
    pub const fn includes(&self, other: PermissionSet) -> bool {
        let (have, need) = (self.0, other.0);
        (need[0] & !have[0]) | (need[1] & !have[1]) | (need[2] & !have[2]) | (need[3] & !have[3]) == 0
    }

    /// Whether there is no permission.
    pub const fn is_empty(&self) -> bool {
        let bits = self.0;
        bits[0] | bits[1] | bits[2] | bits[3] == 0
    }

    /// The places of the permissions, in order.
    pub fn indexes(self) -> impl Iterator<Item = usize> {
        let words = self.0;
        (0..CAPACITY).filter(move |index| words[index / 64] >> (index % 64) & 1 == 1)
    }
}

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.indexes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let all_words = PermissionSet::EMPTY.with(0).with(63).with(64).with(130).with(255);
        assert_eq!(all_words.indexes().collect::<Vec<_>>(), [0, 63, 64, 130, 255]);
        assert!(all_words.includes(PermissionSet::EMPTY.with(130).with(255)));
        for missing in [1, 62, 65, 129, 131, 254] {
            assert!(!all_words.includes(PermissionSet::EMPTY.with(missing)), "{missing}");
        }
        assert!(PermissionSet::EMPTY.includes(PermissionSet::EMPTY));
        assert_eq!(all_words.intersection(PermissionSet::EMPTY.with(64).with(65)), PermissionSet::EMPTY.with(64));
        assert_eq!(
            PermissionSet::EMPTY.with(1).union(PermissionSet::EMPTY.with(200)),
            PermissionSet::EMPTY.with(200).with(1)
        );
        assert!(PermissionSet::EMPTY.is_empty() && !all_words.is_empty());
    }
}
