//! Keys of models and shared effects: 64 bits of SHA-256 of what identifies them, never of where they stand.

use sha2::{Digest, Sha256};

use crate::assess::SharedEffect;

/// The key of a model: the first 8 bytes (little endian) of SHA-256 of its id.
pub fn model_key(id: &str) -> u64 {
    first_64_bits(&Sha256::digest(id.as_bytes()))
}

/// The key of a shared effect: the same of (factor, by, value, ordinal), each text preceded by its length.
pub fn effect_key(effect: &SharedEffect) -> u64 {
    let mut hash = Sha256::new();
    let mut text = |t: &str| {
        hash.update((t.len() as u64).to_le_bytes());
        hash.update(t.as_bytes());
    };
    text(effect.factor.name());
    for texts in [&effect.by, &effect.value] {
        text(&texts.len().to_string());
        texts.iter().for_each(|t| text(t));
    }
    hash.update(effect.ordinal.to_le_bytes());
    first_64_bits(&hash.finalize())
}

fn first_64_bits(digest: &[u8]) -> u64 {
    digest.iter().take(8).rev().fold(0, |key, &byte| key << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256("abc") = ba7816bf 8f01cfea … (FIPS 180-4, example 1).
    #[test]
    fn model_key_is_the_first_64_bits_of_sha_256() {
        assert_eq!(model_key("abc"), u64::from_le_bytes([0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]));
        assert_ne!(model_key("abd"), model_key("abc"));
    }

    #[test]
    fn effects_that_differ_in_anything_have_other_keys() {
        let effect = |by: &[&str], value: &[&str], ordinal| SharedEffect {
            factor: crate::portfolio::Factor::Grid,
            name: "".into(),
            by: by.iter().map(|s| s.to_string()).collect(),
            value: value.iter().map(|s| s.to_string()).collect(),
            ordinal,
            ln_gsd: 0.1,
            chosen: true,
            source: "".into(),
        };
        let keys = [
            effect_key(&effect(&[], &[], 0)),
            effect_key(&effect(&[], &[], 1)),
            effect_key(&effect(&["a"], &["bc"], 0)),
            effect_key(&effect(&["ab"], &["c"], 0)),
            effect_key(&effect(&["a", "b"], &["c", ""], 0)),
        ];
        let distinct: std::collections::BTreeSet<u64> = keys.into_iter().collect();
        assert_eq!(distinct.len(), keys.len());
        let mut renamed = effect(&[], &[], 0);
        renamed.ln_gsd = 9.0;
        assert_eq!(effect_key(&renamed), keys[0], "the size of an effect does not change its draws");
    }
}
