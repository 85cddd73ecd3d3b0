//! A chip by one written name: exactly, then without case, spaces and vendor words, by other spellings, and last by its
//! parts (model, form factor and memory).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::aliases::ALIASES;
use super::name::{Form, Parts, key};
use super::table::{Chip, TABLE};
use crate::portfolio::spelling::{normal, question};

/// The tables by every form of a name.
struct Index {
    by_name: HashMap<&'static str, usize>,
    /// By [`key`]: aliases before names.
    by_key: HashMap<String, usize>,
    by_normal: HashMap<String, usize>,
    parts: Vec<(usize, Parts)>,
    /// Keys in the order of the tables, to suggest from.
    known: Vec<(String, usize)>,
}

/// What GeForce cards are called without it: "3060 Ti".
const GEFORCE: [&str; 2] = ["NVIDIA GeForce RTX ", "NVIDIA GeForce GTX "];

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let (mut by_name, mut by_normal, mut by_key) = (HashMap::new(), HashMap::new(), HashMap::new());
    let chips = || TABLE.chips.iter().enumerate();
    for (at, chip) in chips() {
        by_name.entry(chip.name.as_str()).or_insert(at);
        by_normal.entry(normal(&chip.name)).or_insert(at);
    }
    let general = ALIASES.iter().filter_map(|(alias, name)| Some(((*alias).to_string(), *by_name.get(name)?)));
    // A number in front would be taken for a count.
    let named = TABLE.aliases.iter().filter(|(text, _)| !text.starts_with(|c: char| c.is_ascii_digit()));
    let further = named.map(|(text, at)| (key(text), *at));
    let names = chips().map(|(at, chip)| (key(&chip.name), at));
    let known: Vec<(String, usize)> =
        general.chain(further).chain(names).filter(|(form, _)| !form.is_empty()).collect();
    for (form, at) in &known {
        by_key.entry(form.clone()).or_insert(*at);
    }
    for (text, at) in &TABLE.aliases {
        by_normal.entry(normal(text)).or_insert(*at);
    }
    for (at, chip) in chips() {
        if let Some(rest) = GEFORCE.iter().find_map(|prefix| chip.name.strip_prefix(prefix)) {
            let form = normal(rest);
            if form.len() > 3 {
                by_normal.entry(form).or_insert(at);
            }
        }
    }
    let parts = chips().map(|(at, chip)| (at, Parts::of(&chip.name))).collect();
    Index { by_name, by_key, by_normal, parts, known }
});

/// The chip with these parts. A stated form factor is never left aside, a stated memory only if the table does not have
/// it; where several chips are left that differ, the bare model's name decides.
fn by_parts(name: &str) -> Option<&'static Chip> {
    let wanted = Parts::of(name);
    if wanted.model.is_empty() {
        return None;
    }
    let parts = INDEX.parts.iter().filter(|(_, p)| p.model == wanted.model);
    let all: Vec<(&Chip, &Parts)> = parts.map(|(at, p)| (&TABLE.chips[*at], p)).collect();
    // Without a form factor in its name, a chip of the table is the module if there is no other.
    let none = !all.iter().any(|(_, p)| p.form == wanted.form) && wanted.form == Some(Form::Sxm);
    let form = if none { None } else { wanted.form };
    let of_form = all.into_iter().filter(|(_, p)| wanted.form.is_none() || p.form == form);
    let mut found: Vec<(&Chip, &Parts)> = of_form.collect();
    let fits = found.iter().any(|(_, p)| p.memory.is_some() && p.memory == wanted.memory);
    if fits {
        // Where the table states no memory, it may be this one.
        found.retain(|(_, p)| p.memory.is_none() || p.memory == wanted.memory);
        found.sort_by_key(|(_, p)| p.memory.is_none());
    }
    let alike = |a: &Chip, b: &Chip| {
        let near = |x: Option<f64>, y: Option<f64>| x == y || x.zip(y).is_some_and(|(x, y)| (x / y - 1.0).abs() < 0.01);
        a.family == b.family && near(a.tdp_w, b.tdp_w) && near(a.peak_flops, b.peak_flops)
    };
    let one = match found.as_slice() {
        [(first, _), rest @ ..] if rest.iter().all(|(chip, _)| alike(first, chip)) => Some(*first),
        _ => None,
    };
    let bare = || exact(&format!("{}{}", wanted.model, wanted.form.map_or("", Form::name)));
    if fits { one.or_else(bare) } else { bare().or(one) }
}

/// The chip of an alias or of a name of the table, both in the form of [`key`].
fn exact(wanted: &str) -> Option<&'static Chip> {
    INDEX.by_key.get(wanted).map(|at| &TABLE.chips[*at])
}

/// The chip of one name, where it is known.
pub(super) fn lookup(name: &str) -> Option<&'static Chip> {
    let name = name.trim();
    if let Some(at) = INDEX.by_name.get(name) {
        return Some(&TABLE.chips[*at]);
    }
    // Of what stands in brackets, only a form factor counts.
    let (before, inside) = name.split_once('(').unwrap_or((name, ""));
    let form = Parts::of(inside).form;
    let wanted = key(name);
    let found = if form.is_some() { None } else { exact(&wanted) };
    let same = || INDEX.by_normal.get(&normal(name)).map(|at| &TABLE.chips[*at]).filter(|_| !wanted.is_empty());
    let plain = format!("{before} {}", form.map_or("", Form::name));
    found.or_else(same).or_else(|| by_parts(&plain))
}

/// One chip by name.
///
/// # Errors
/// The nearest names in the table.
pub fn find(name: &str) -> Result<&'static Chip, String> {
    lookup(name).ok_or_else(|| format!("unknown chip; {}", question(&near(name))))
}

/// Up to three known names that `name`, which is none, was probably meant for; none where it is like no chip. Near is a
/// slip of one letter (two in a long name), a name with more around it ("H1000 Ultra", "H100 and A100"), or the
/// beginning of one ("TPU").
pub(super) fn near(name: &str) -> Vec<&'static str> {
    // Nothing known is longer, and the distance takes time in the length.
    let wanted: String = key(name).chars().take(60).collect();
    if wanted.len() < 3 {
        return Vec::new();
    }
    let has_digit = |text: &str| text.chars().any(|c| c.is_ascii_digit());
    let has_letter = |text: &str| text.chars().any(char::is_alphabetic);
    let distance = |known: &str| -> Option<usize> {
        let around = known.len() >= 4 && has_letter(known) && has_digit(known) && wanted.contains(known);
        let begins = known.starts_with(&wanted) || has_digit(&wanted) && known.contains(&wanted);
        if around || begins {
            return Some(0);
        }
        let most = if wanted.len().max(known.len()) < 10 { 1 } else { 2 };
        let alike = known.len() >= 3 && wanted.len().abs_diff(known.len()) <= most;
        alike.then(|| strsim::osa_distance(&wanted, known)).filter(|d| *d <= most)
    };
    let known = INDEX.known.iter().enumerate();
    let mut found: Vec<(usize, usize, usize)> =
        known.filter_map(|(order, (form, at))| Some((distance(form)?, order, *at))).collect();
    found.sort_unstable();
    let mut names: Vec<&'static str> = Vec::new();
    for (_, _, at) in found {
        let name = TABLE.chips[at].name.as_str();
        if names.len() < 3 && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::hardware::Family;

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
        assert_eq!(named("NVIDIA RTX A6000").3, Family::Other);
    }

    /// Names as `nvidia-smi`, model cards and papers write them. TDP and dense 16-bit peak from the makers' data sheets:
    /// H100 PCIe 350 W, 756e12; H100 NVL 400 W, 835e12; H800 as the H100; A100 PCIe 80 GB 300 W; H200 700 W, 989e12;
    /// GH200's GPU 700 W; MI300X 750 W, 1307e12; B200 1000 W, 2250e12; TPUs by Epoch (Google publishes no TDP).
    #[test]
    fn names_that_people_write() {
        for (name, chip, tdp, peak) in [
            ("NVIDIA H100 80GB HBM3", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("NVIDIA H100 SXM", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("NVIDIA H100-SXM5-80GB", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("512 x NVIDIA H100 80 GB Tensor Core GPUs", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("2048 H100s", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("DGX H100", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("NVIDIA H100 (SXM5)", "NVIDIA H100 SXM5 80GB", 700.0, 989e12),
            ("NVIDIA A100 80GB (SXM4, 512)", "NVIDIA A100 SXM4 80 GB", 400.0, 312e12),
            ("512 NVIDIA V100s", "NVIDIA V100", 300.0, 125e12),
            ("V100S", "NVIDIA Tesla V100S PCIe 32 GB", 250.0, 130e12),
            ("NVIDIA H100 (PCIe)", "NVIDIA H100 PCIe", 350.0, 756e12),
            ("NVIDIA H100 80GB HBM2e", "NVIDIA H100 PCIe", 350.0, 756e12),
            ("NVIDIA H100 NVL 94GB", "NVIDIA H100 NVL", 400.0, 835e12),
            ("NVIDIA H800 PCIe", "NVIDIA H100 PCIe", 350.0, 756e12),
            ("NVIDIA H800 80GB PCIe", "NVIDIA H100 PCIe", 350.0, 756e12),
            ("NVIDIA H800 80GB", "NVIDIA H800 SXM5", 700.0, 989e12),
            ("NVIDIA H200 141GB HBM3e", "NVIDIA H200 SXM", 700.0, 989e12),
            ("NVIDIA GH200 480GB", "NVIDIA GH200", 700.0, 989e12),
            ("NVIDIA GH200 Grace Hopper Superchip", "NVIDIA GH200", 700.0, 989e12),
            ("NVIDIA HGX B200", "NVIDIA B200", 1000.0, 2250e12),
            ("NVIDIA B200 SXM6 180GB", "NVIDIA B200", 1000.0, 2250e12),
            ("GB200 NVL72", "NVIDIA GB200", 1200.0, 2500e12),
            ("NVIDIA A100-80GB SXM", "NVIDIA A100 SXM4 80 GB", 400.0, 312e12),
            ("NVIDIA A100-SXM-64GB", "NVIDIA A100", 400.0, 312e12),
            ("NVIDIA A100 80GB PCIe", "NVIDIA A100 PCIe", 300.0, 312e12),
            ("NVIDIA A800-SXM4-80GB", "NVIDIA A800 SXM", 400.0, 312e12),
            ("NVIDIA A800 80GB", "NVIDIA A800 SXM", 400.0, 312e12),
            ("Tesla V100-SXM2-32GB", "NVIDIA Tesla V100 SXM2 32 GB", 300.0, 125e12),
            ("Tesla V100-PCIE-16GB", "NVIDIA Tesla V100 PCIe 16 GB", 250.0, 112e12),
            ("GeForce RTX 4090 24GB", "NVIDIA GeForce RTX 4090", 450.0, 330e12),
            ("AMD MI300X", "AMD Instinct MI300X", 750.0, 1307e12),
            ("8x AMD Instinct MI300X OAM 192GB", "AMD Instinct MI300X", 750.0, 1307e12),
            ("Intel Gaudi 2", "Intel Habana Gaudi2", 600.0, 450e12),
            ("TPU v5e", "Google TPU v5e", 225.0, 197e12),
            ("TPU v5 lite", "Google TPU v5e", 225.0, 197e12),
            ("v5litepod-256", "Google TPU v5e", 225.0, 197e12),
            ("Cloud TPU v5p-128", "Google TPU v5p", 540.0, 459e12),
            ("TPUv6e", "Google TPU v6e Trillium", 380.0, 918e12),
            ("TPU v6e-64", "Google TPU v6e Trillium", 380.0, 918e12),
            ("Google Trillium", "Google TPU v6e Trillium", 380.0, 918e12),
        ] {
            let found = named(name);
            assert_eq!((found.0, found.1), (chip, Some(tdp)), "{name}");
            assert!(found.2.is_some_and(|p| (p / peak - 1.0).abs() < 0.002), "{name}: {:?}", found.2);
        }
    }

    /// A name is never taken for a neighbour's.
    #[test]
    fn names_that_stay_unknown() {
        for name in [
            "TPU",
            "TPU v5",
            "v4-128",
            "Hopper GPUs",
            "GPU",
            "H100 and A100",
            "H100/A100",
            "A100 or V100",
            "H1000 Ultra",
            "80GB",
            "NVIDIA 80GB HBM3",
            "PCIe",
            "Mystery 1",
            "Zorgon Z9",
            "A100Y",
            "RTX 4090 Mini",
        ] {
            assert!(find(name).is_err(), "{name}: {:?}", find(name));
        }
    }

    /// Chips of the second table: known by name, never with a neighbour's figures.
    #[test]
    fn chips_that_people_have() {
        for (name, chip) in [
            ("L40S", "NVIDIA L40S"),
            ("NVIDIA L40S 48GB", "NVIDIA L40S"),
            ("l40s", "NVIDIA L40S"),
            ("NVIDIA H200 NVL", "NVIDIA H200 NVL"),
            ("A30", "NVIDIA A30"),
            ("A100X", "NVIDIA A100X"),
            ("B100", "NVIDIA B100"),
            ("GB10", "NVIDIA GB10"),
            ("RTX 4090 Laptop", "NVIDIA GeForce RTX 4090 Laptop GPU"),
            ("NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4090 Laptop GPU"),
            ("RTX 3070 Mobile", "NVIDIA GeForce RTX 3070 Laptop GPU"),
            ("RTX 3080 Ti", "NVIDIA GeForce RTX 3080 Ti"),
            ("3060 Ti", "NVIDIA GeForce RTX 3060 Ti"),
            ("4070 Ti SUPER", "NVIDIA GeForce RTX 4070 Ti SUPER"),
            ("RTX 4090D", "NVIDIA GeForce RTX 4090 D"),
            ("GTX 1060", "NVIDIA GeForce GTX 1060"),
            ("RTX 5090", "NVIDIA GeForce RTX 5090"),
            ("NVIDIA RTX A1000", "NVIDIA RTX A1000"),
            ("RTX A4500", "NVIDIA RTX A4500"),
            ("A6000", "NVIDIA RTX A6000"),
            ("昇腾910B", "Huawei Ascend 910B"),
            ("DGX Station A100", "NVIDIA A100"),
            ("custom A100 64GB", "NVIDIA A100"),
            ("RTX 6000 Ada", "NVIDIA RTX 6000 Ada Generation"),
            ("NVIDIA RTX 5000 Ada Generation", "NVIDIA RTX 5000 Ada Generation"),
            ("RTX PRO 6000", "NVIDIA RTX Pro 6000 Blackwell"),
            ("TITAN RTX", "NVIDIA TITAN RTX"),
            ("TITAN V", "NVIDIA Titan V"),
            ("Titan Xp", "NVIDIA TITAN Xp"),
            ("Quadro RTX 8000", "NVIDIA Quadro RTX 8000"),
            ("Apple M2 Ultra", "Apple M2 Ultra"),
            ("M1 Max", "Apple M1 Max"),
            ("MI100", "AMD Instinct MI100"),
            ("AMD Instinct MI210", "AMD Instinct MI210"),
            ("MI355X", "AMD Instinct MI355X"),
            ("Gaudi", "Intel Habana GAUDI HL-205"),
            ("Gaudi 3", "Intel Habana Gaudi3"),
            ("Inferentia", "AWS Inferentia"),
            ("AWS Inferentia2", "AWS Inferentia2"),
            ("Trainium", "Amazon Trainium1"),
            ("AWS Trainium2", "Amazon Trainium2"),
            ("M60", "NVIDIA TESLA M60"),
            ("K80", "NVIDIA Tesla K80"),
            ("TPU v7", "Google TPU v7 Ironwood"),
        ] {
            assert_eq!(named(name).0, chip, "{name}");
        }
        for name in ["Trainium", "AWS Trainium", "RTX 4090 Laptop", "MI210"] {
            assert_eq!(named(name).1, None, "{name}");
        }
    }

    #[test]
    fn only_a_name_like_a_known_one_is_near() {
        for (typo, chip) in
            [("H110", "H100"), ("H1000 Ultra", "H100"), ("A101", "A100"), ("TPU v5", "TPU v5"), ("RTX 4099", "4090")]
        {
            assert!(near(typo).iter().any(|name| name.contains(chip)), "{typo}: {:?}", near(typo));
        }
        for other in ["Zorgon Z9", "Abacus 9000", "Intel Xeon", "Intel Core i7-10700K", "CPU", "GPU", "Raspberry Pi 4"]
        {
            assert!(near(other).is_empty(), "{other}: {:?}", near(other));
        }
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
            assert!(TABLE.chips.iter().any(|c| c.name == canonical), "{canonical}");
        }
    }
}
