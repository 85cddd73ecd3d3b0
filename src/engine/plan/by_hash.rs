//! The places of values in a list in which each is there once: by hash alone, as the list holds the values already and can be
//! as long as there are models.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;

/// Places by the hashes of what lies there.
#[derive(Debug, Default)]
pub struct ByHash(HashMap<u64, u32, FixedState>);

impl ByHash {
    /// The place of a value in a list of `length` values; `length` where it is to be added. `is`: whether what lies in a
    /// place is equal. Of different values with one hash only the first is found again; the others are added as often as
    /// they come.
    pub fn place(&mut self, value: &impl Hash, length: usize, is: impl FnOnce(usize) -> bool) -> usize {
        // The same in every run.
        let hash = FixedState::default().hash_one(value);
        let place = *self.0.entry(hash).or_insert(length as u32) as usize;
        if place < length && is(place) { place } else { length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All have one hash.
    #[derive(PartialEq)]
    struct Same(u8);

    impl Hash for Same {
        fn hash<H: std::hash::Hasher>(&self, _state: &mut H) {}
    }

    fn places<T: Hash + PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<usize> {
        let (mut known, mut list) = (ByHash::default(), Vec::new());
        let mut place = |value: T| {
            let place = known.place(&value, list.len(), |place| list[place] == value);
            if place == list.len() {
                list.push(value);
            }
            place
        };
        values.into_iter().map(&mut place).collect()
    }

    #[test]
    fn equal_values_have_one_place() {
        assert_eq!(places(["a", "b", "a", "c", "b"]), [0, 1, 0, 2, 1]);
        assert_eq!(places([1, 2, 1, 2].map(Same)), [0, 1, 0, 2]);
    }
}
