//! Maps and sets whose keys are hashed fast: those that are looked up for every row of a long list, by shapes of distributions
//! and by names of effects. SipHash, the standard library's, took a twentieth of a large run. Each map has a seed of its own,
//! and no result depends on the order of what is in one.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A map by fast hashes.
pub type Map<K, V> = HashMap<K, V, RandomState>;
/// A set by fast hashes.
pub type Set<K> = HashSet<K, RandomState>;
