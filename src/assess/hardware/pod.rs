//! How many chips a slice of TPUs has by its name: `v3-8`, `TPU v4-512`, `v5litepod-256`, "128 TPU v3 cores".
//!
//! Google's names count TensorCores up to v4 and of v5p, which have two in a chip, and chips of v5e and v6e, which have one
//! (Cloud TPU documentation, "TPU v4", "TPU v5p": 8 cores and 4 chips in `v5p-8`; "TPU v5e", "TPU v6e"). The rows of the
//! table are per chip. Of other generations the number says nothing here.

/// A name and the number of chips that it states.
#[derive(Debug, PartialEq)]
pub(super) struct Slice {
    /// The name without the number.
    pub name: String,
    pub chips: f64,
}

/// The slice that a name is. A name that is a version and a number alone ("v3-8") is a TPU's.
pub(super) fn slice(name: &str) -> Option<Slice> {
    let lower = name.trim().to_lowercase();
    let lower = ["pod", "slice", "pods", "slices"].iter().find_map(|word| lower.strip_suffix(word)).unwrap_or(&lower);
    let (before, digits) = lower.trim_end().rsplit_once('-')?;
    let number = number(digits)?;
    let before = before.trim_end();
    let at = before.rfind('v')?;
    let version = before[at..].replace([' ', '-'], "");
    let cores = match version.as_str() {
        "v2" | "v3" | "v4" | "v5p" | "v2pod" | "v3pod" | "v4pod" => 2.0,
        "v5e" | "v5litepod" | "v5lite" | "v6e" => 1.0,
        _ => return None,
    };
    let mut vendor = before[..at].split([' ', '-', '_']).filter(|word| !word.is_empty());
    let of_tpus = vendor.all(|word| ["google", "cloud", "tpu"].contains(&word));
    of_tpus.then(|| Slice {
        name: format!("TPU {}", version.replace("litepod", "e").replace("pod", "")),
        chips: number / cores,
    })
}

/// What stands before "cores" of TPUs that have two of them ("TPU v3 cores"), so that a number of them is twice that of
/// chips.
pub(super) fn of_cores(name: &str) -> Option<&str> {
    let lower = name.to_lowercase();
    let words = [" tensorcores", " tensor cores", " cores"];
    let length = words.iter().find_map(|word| lower.strip_suffix(word)).map(str::len)?;
    let chip = name.get(..length)?;
    let lower = chip.to_lowercase().replace([' ', '-'], "");
    ["tpuv2", "tpuv3", "tpuv4", "tpuv5p"].iter().any(|known| lower.ends_with(known)).then_some(chip)
}

fn number(digits: &str) -> Option<f64> {
    let plain = !digits.is_empty() && digits.len() < 7 && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse::<f64>().ok().filter(|n| plain && *n >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_or_chips_by_generation() {
        // Cloud TPU documentation: v3-8 has 4 chips, v4-512 has 256, v5p-2048 has 1,024; v5litepod-256 and v6e-64 have that
        // many.
        for (name, of, chips) in [
            ("v3-8", "TPU v3", 4.0),
            ("TPU v4-512", "TPU v4", 256.0),
            ("TPUv3-1024", "TPU v3", 512.0),
            ("tpu-v5p-2048", "TPU v5p", 1024.0),
            ("Google Cloud TPU v2-8", "TPU v2", 4.0),
            ("Google TPU v3-256 pod", "TPU v3", 128.0),
            ("v5litepod-256", "TPU v5e", 256.0),
            ("TPU v5e-256", "TPU v5e", 256.0),
            ("TPU v6e-64", "TPU v6e", 64.0),
        ] {
            assert_eq!(slice(name), Some(Slice { name: of.to_string(), chips }), "{name}");
        }
        for other in [
            "TPU v4",
            "A100-80",
            "inception-v3-8",
            "TPU v7-128",
            "v4-",
            "TPU-v4",
            "RTX 4090-2",
            "v3-8x",
            "TPU v2-8, TPU v3-8",
        ] {
            assert_eq!(slice(other), None, "{other}");
        }
        assert_eq!(of_cores("TPU v3 cores"), Some("TPU v3"));
        assert_eq!(of_cores("TPU v5e cores"), None);
        assert_eq!(of_cores("CUDA cores"), None);
    }
}
