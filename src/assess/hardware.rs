//! Accelerators: thermal design power and dense 16-bit peak by name.
//!
//! The table is Epoch AI's (`data/hardware.csv`). The peak is the larger of the dense 16-bit and the fp32 rate, because
//! the plain 16-bit rate of chips without tensor units is sometimes a crippled one (GTX 1080 Ti: 1.8e11 against
//! 1.1e13); rates "with sparsity" are nowhere used. A name is looked up exactly, then without case, spaces and
//! vendor words, then by the aliases below.

use std::sync::LazyLock;

use super::names::{nearest, normal, question};

/// Chips that share priors for MFU and for node power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Hopper and, for want of published runs, Blackwell.
    H100,
    A100,
    V100,
    TpuV3,
    TpuV4,
    TpuOther,
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    pub name: String,
    /// Watts; `None` where Epoch gives none.
    pub tdp_w: Option<f64>,
    /// FLOP/s, dense.
    pub peak_flops: Option<f64>,
    pub family: Family,
}

static CHIPS: LazyLock<Vec<Chip>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("data/hardware.csv").as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.map(|row| {
        let number = |i: usize| row.get(i).and_then(|t| t.parse::<f64>().ok());
        let peak = match (number(2), number(3)) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let name = row.get(0).unwrap_or_default().to_string();
        Chip { family: family(&name), tdp_w: number(1), peak_flops: peak, name }
    })
    .collect()
});

/// Written forms that the table's own names do not cover; keys in the form of [`key`].
const ALIASES: [(&str, &str); 39] = [
    ("h100", "NVIDIA H100 SXM5 80GB"),
    ("h10080gb", "NVIDIA H100 SXM5 80GB"),
    ("h100sxm", "NVIDIA H100 SXM5 80GB"),
    ("h100sxm5", "NVIDIA H100 SXM5 80GB"),
    ("h100hbm", "NVIDIA H100 SXM5 80GB"),
    ("h100hbm3", "NVIDIA H100 SXM5 80GB"),
    ("h100pcie80gb", "NVIDIA H100 PCIe"),
    ("h200", "NVIDIA H200 SXM"),
    ("h20", "NVIDIA HGX H20"),
    ("h800", "NVIDIA H800 SXM5"),
    ("h800sxm", "NVIDIA H800 SXM5"),
    ("a800", "NVIDIA A800 SXM"),
    ("a800pcie", "NVIDIA A800 PCIe 80 GB"),
    ("a100sxm4", "NVIDIA A100"),
    ("a100sxm", "NVIDIA A100"),
    ("a10040gb", "NVIDIA A100 SXM4 40 GB"),
    ("a10080gb", "NVIDIA A100 SXM4 80 GB"),
    ("a100sxm40gb", "NVIDIA A100 SXM4 40 GB"),
    ("a100sxm80gb", "NVIDIA A100 SXM4 80 GB"),
    ("v10016gb", "NVIDIA Tesla V100 SXM2 16 GB"),
    ("v10032gb", "NVIDIA Tesla V100 SXM2 32 GB"),
    ("v100sxm", "NVIDIA Tesla V100 SXM2"),
    ("v100pcie", "NVIDIA Tesla V100 PCIe 16 GB"),
    ("b300", "NVIDIA B300 (Blackwell Ultra)"),
    ("gb300", "NVIDIA GB300 (Blackwell Ultra)"),
    ("p100pcie", "NVIDIA Tesla P100 PCIe 16GB"),
    ("k40", "NVIDIA Tesla K40s"),
    ("k40c", "NVIDIA Tesla K40s"),
    ("k40m", "NVIDIA Tesla K40s"),
    ("k20", "NVIDIA Tesla K20c"),
    ("k20m", "NVIDIA Tesla K20c"),
    ("a10", "NVIDIA A10 PCIe"),
    ("a40", "NVIDIA A40 PCIe"),
    ("rtx2080ti", "NVIDIA GeForce RTX 2080 Ti 11GB"),
    ("4090", "NVIDIA GeForce RTX 4090"),
    ("3090", "NVIDIA GeForce RTX 3090"),
    ("mi250", "AMD Radeon Instinct MI250X"),
    ("tpuv6e", "Google TPU v6e Trillium"),
    ("tpuv7", "Google TPU v7 Ironwood"),
];

/// Words that say who made or sells the chip, not which it is.
const VENDOR: [&str; 17] = [
    "nvidia", "google", "cloud", "tesla", "geforce", "quadro", "amd", "radeon", "instinct", "intel", "habana",
    "huawei", "amazon", "aws", "gpu", "gpus", "memory",
];

/// The name without case, punctuation, vendor words, a leading count ("8x") and a pod size ("v3-256").
fn key(name: &str) -> String {
    let name = name.split('(').next().unwrap_or_default().to_lowercase().replace('-', " ");
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let is_count = |w: &str| {
        let digits = w.strip_suffix('x').unwrap_or(w);
        !digits.is_empty() && digits.len() < 6 && digits.chars().all(|c| c.is_ascii_digit())
    };
    let mut kept: Vec<&str> = words.iter().copied().filter(|w| !VENDOR.contains(w)).collect();
    if kept.len() > 1 && kept.first().is_some_and(|w| is_count(w)) {
        kept.remove(0);
        if kept.len() > 1 && kept.first() == Some(&"x") {
            kept.remove(0);
        }
    }
    let tpu = kept.iter().any(|w| w.starts_with("tpu"));
    if tpu && kept.len() > 1 && kept.last().is_some_and(|w| is_count(w)) {
        kept.pop();
    }
    let joined: String = kept.concat();
    // "80g" is "80gb".
    if joined.ends_with("0g") { joined + "b" } else { joined }
}

fn family(name: &str) -> Family {
    let k = key(name);
    let starts = |prefixes: &[&str]| {
        prefixes.iter().any(|p| {
            k.strip_prefix(p).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()) || p.len() > 3)
        })
    };
    if k.starts_with("tpuv3") {
        Family::TpuV3
    } else if k == "tpuv4" {
        Family::TpuV4
    } else if k.starts_with("tpu") {
        Family::TpuOther
    } else if starts(&["h100", "h200", "h800", "hgxh20", "gh100", "gh200", "b200", "b300", "gb200", "gb300"]) {
        Family::H100
    } else if starts(&["a100", "a800"]) && !k.starts_with("a1000") {
        Family::A100
    } else if k.starts_with("v100") {
        Family::V100
    } else {
        Family::Other
    }
}

/// One chip by name.
///
/// # Errors
/// The nearest names in the table.
pub fn find(name: &str) -> Result<&'static Chip, String> {
    let name = name.trim();
    if let Some(chip) = CHIPS.iter().find(|c| c.name == name) {
        return Ok(chip);
    }
    let wanted = key(name);
    if !wanted.is_empty() {
        if let Some((_, canonical)) = ALIASES.iter().find(|(alias, _)| *alias == wanted)
            && let Some(chip) = CHIPS.iter().find(|c| c.name == *canonical)
        {
            return Ok(chip);
        }
        if let Some(chip) = CHIPS.iter().find(|c| key(&c.name) == wanted || normal(&c.name) == normal(name)) {
            return Ok(chip);
        }
    }
    let forms = CHIPS.iter().map(|c| (key(&c.name), c.name.as_str()));
    let aliases = ALIASES.iter().map(|(alias, name)| ((*alias).to_string(), *name));
    Err(format!("unknown chip; {}", question(&nearest(&wanted, aliases.chain(forms), 3))))
}

/// The chips of a `hardware` cell: one name, or several between commas or semicolons, which share the run equally.
///
/// # Errors
/// The first name that is not known, and the nearest ones.
pub fn find_all(cell: &str) -> Result<Vec<&'static Chip>, (String, String)> {
    if let Ok(chip) = find(cell) {
        return Ok(vec![chip]);
    }
    let mut chips: Vec<&Chip> = Vec::new();
    for name in cell.split([',', ';']).map(str::trim).filter(|t| !t.is_empty()) {
        let chip = find(name).map_err(|advice| (name.to_string(), advice))?;
        if !chips.iter().any(|c| c.name == chip.name) {
            chips.push(chip);
        }
    }
    // By name, so that the order in the cell does not matter.
    chips.sort_by(|a, b| a.name.cmp(&b.name));
    if chips.is_empty() { Err((cell.to_string(), "no chip is named; ".to_string())) } else { Ok(chips) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> (&'static str, Option<f64>, Option<f64>, Family) {
        let c = find(text).unwrap();
        (&c.name, c.tdp_w, c.peak_flops, c.family)
    }

    #[test]
    fn spellings_of_one_chip() {
        // TDP and dense peaks from the makers' data sheets: A100 400 W, 312e12; H100 SXM 700 W, 989.4e12; H800 SXM
        // 700 W (not the 350 W of the PCIe card); V100 SXM2 300 W, 125e12; TPU v3 123e12; TPU v4 275e12.
        for a100 in ["NVIDIA A100 SXM4 80 GB", "A100-80GB", "nvidia a100 80gb", "1 x NVIDIA A100-SXM4-80GB", "A100 80G"]
        {
            assert_eq!(named(a100), ("NVIDIA A100 SXM4 80 GB", Some(400.0), Some(312e12), Family::A100), "{a100}");
        }
        assert_eq!(named("A100").0, "NVIDIA A100");
        assert_eq!(named("NVIDIA A100 80GB (2048)").0, "NVIDIA A100 SXM4 80 GB");
        for h100 in ["H100", "NVIDIA H100 80GB", "8x NVIDIA H100 HBM", "Nvidia H100 80G", "NVIDIA H100 SXM5 80GB"] {
            let c = find(h100).map(|c| (c.tdp_w, c.peak_flops, c.family));
            assert_eq!(c, Ok((Some(700.0), Some(9.894e14), Family::H100)), "{h100}");
        }
        assert_eq!(named("H800"), ("NVIDIA H800 SXM5", Some(700.0), Some(9.89e14), Family::H100));
        for v100 in ["V100", "Nvidia Tesla V100", "NVIDIA V100 16GB", "Tesla V100-SXM2 GPU"] {
            let c = find(v100).map(|c| (c.tdp_w, c.peak_flops, c.family));
            assert_eq!(c, Ok((Some(300.0), Some(125e12), Family::V100)), "{v100}");
        }
        for tpu in ["TPU v4", "Google Cloud TPU v4-16", "google tpu v4"] {
            assert_eq!(named(tpu), ("Google TPU v4", Some(340.0), Some(275e12), Family::TpuV4), "{tpu}");
        }
        for tpu in ["Google TPU v3-512", "TPUv3-8", "TPU v3"] {
            assert_eq!(named(tpu), ("Google TPU v3", Some(450.0), Some(123e12), Family::TpuV3), "{tpu}");
        }
        assert_eq!(named("T4").0, "NVIDIA Tesla T4");
        assert_eq!(named("TPU v5e").3, Family::TpuOther);
        // A near miss in spelling is another chip: the A1000 workstation card is not in the table.
        assert!(find("NVIDIA RTX A1000").is_err());
        assert_eq!(named("NVIDIA RTX A6000").3, Family::Other);
    }

    #[test]
    fn several_chips_in_any_order() {
        let names = |t: &str| find_all(t).map(|v| v.iter().map(|c| c.name.clone()).collect::<Vec<_>>());
        let both = names("NVIDIA V100, NVIDIA A100").unwrap();
        assert_eq!(both, ["NVIDIA A100", "NVIDIA V100"]);
        assert_eq!(names("A100;V100").unwrap(), both);
        assert_eq!(names("A100;A101").unwrap_err().0, "A101");
    }

    #[test]
    fn an_unknown_chip_names_its_neighbours() {
        let advice = find("NVIDIA H110").unwrap_err();
        assert!(advice.contains("H100"), "{advice}");
        assert!(find("").is_err() && find("8x").is_err());
    }

    #[test]
    fn every_alias_leads_to_a_chip() {
        for (alias, canonical) in ALIASES {
            assert_eq!(key(alias), alias);
            assert!(CHIPS.iter().any(|c| c.name == canonical), "{canonical}");
        }
        assert_eq!(CHIPS.len(), 176); // rows of the source table, data/README.md of its copy
    }
}
