//! Results that take long to find and are asked for again: rows have most of their priors in common.
//!
//! At most so many are held; one more, and all are forgotten. What is remembered is what would be found again, so that no
//! result depends on it, nor on the thread.

use std::cell::RefCell;
use std::hash::Hash;
use std::thread::LocalKey;

use crate::hashed::Map;

/// What was found so far, by what it was asked for with.
#[derive(Debug)]
pub struct Remembered<K, V> {
    most: usize,
    known: Map<K, V>,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// Nothing, and never more than this.
    pub fn at_most(most: usize) -> Remembered<K, V> {
        Remembered { most, known: Map::default() }
    }

    /// What was found before.
    pub fn get(&self, key: &K) -> Option<V> {
        self.known.get(key).cloned()
    }

    /// Remembers it.
    pub fn put(&mut self, key: K, found: V) {
        if self.known.len() >= self.most {
            self.known.clear();
        }
        self.known.insert(key, found);
    }
}

/// What a thread remembers, or finds now. `find` may ask again for something else.
pub fn of_thread<K: Eq + Hash, V: Clone>(
    known: &'static LocalKey<RefCell<Remembered<K, V>>>,
    key: K,
    find: impl FnOnce() -> V,
) -> V {
    if let Some(found) = known.with_borrow(|known| known.get(&key)) {
        return found;
    }
    let found = find();
    known.with_borrow_mut(|known| known.put(key, found.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_asked_is_held() {
        let mut known = Remembered::at_most(2);
        known.put(1, "a");
        known.put(2, "b");
        assert_eq!((known.get(&1), known.get(&2), known.get(&3)), (Some("a"), Some("b"), None));
        known.put(3, "c");
        assert_eq!((known.get(&1), known.get(&3)), (None, Some("c")));
    }

    #[test]
    fn it_is_found_once() {
        thread_local! {
            static KNOWN: RefCell<Remembered<u8, u8>> = RefCell::new(Remembered::at_most(2));
        }
        assert_eq!(of_thread(&KNOWN, 1, || of_thread(&KNOWN, 2, || 7) + 1), 8);
        assert_eq!(of_thread(&KNOWN, 1, || unreachable!("it is known")), 8);
        // Negative control: another key is not.
        assert_eq!(of_thread(&KNOWN, 3, || 9), 9);
    }
}
