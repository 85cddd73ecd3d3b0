//! Accelerators: thermal design power and dense 16-bit peak by name.
//!
//! The table is Epoch AI's (`data/hardware.csv`). The peak is the larger of the dense 16-bit and the fp32 rate, because
//! the plain 16-bit rate of chips without tensor units is sometimes a crippled one (GTX 1080 Ti: 1.8e11 against
//! 1.1e13); rates "with sparsity" are nowhere used. A name is looked up exactly, then without case, spaces and
//! vendor words, by the aliases below, and last by its parts: model, form factor and memory.

use std::sync::LazyLock;

use crate::portfolio::spelling::{nearest, normal, question};

mod name;

pub use name::leaves_form_open;
use name::{Form, Parts, key};

/// Chips that share priors for MFU and for node power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Hopper and, for want of published runs, Blackwell.
    H100,
    /// A100 and A800.
    A100,
    /// V100.
    V100,
    /// TPU v3.
    TpuV3,
    /// TPU v4.
    TpuV4,
    /// Every other TPU.
    TpuOther,
    /// Every other chip.
    Other,
}

/// One accelerator of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// As the table spells it.
    pub name: String,
    /// Watts; `None` where Epoch gives none.
    pub tdp_w: Option<f64>,
    /// FLOP/s, dense.
    pub peak_flops: Option<f64>,
    /// Chips whose priors it shares.
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
const ALIASES: [(&str, &str); 45] = [
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
    // NVIDIA cut the links and the 64-bit rate of the H800, not its power or 16-bit rate.
    ("h800pcie", "NVIDIA H100 PCIe"),
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
    ("tputrillium", "Google TPU v6e Trillium"),
    ("trillium", "Google TPU v6e Trillium"),
    ("tpuv7", "Google TPU v7 Ironwood"),
    ("tpuironwood", "Google TPU v7 Ironwood"),
    ("ironwood", "Google TPU v7 Ironwood"),
    ("trainium", "Amazon Trainium1"),
];

/// The chip with these parts. A stated form factor is never left aside, a stated memory only if the table does not have
/// it; where several chips are left that differ, the bare model's name decides.
fn by_parts(name: &str) -> Option<&'static Chip> {
    let wanted = Parts::of(name);
    if wanted.model.is_empty() {
        return None;
    }
    let of_model = CHIPS.iter().map(|chip| (chip, Parts::of(&chip.name))).filter(|(_, p)| p.model == wanted.model);
    let all: Vec<(&Chip, Parts)> = of_model.collect();
    // Without a form factor in its name, a chip of the table is the module if there is no other.
    let none = !all.iter().any(|(_, p)| p.form == wanted.form) && wanted.form == Some(Form::Sxm);
    let form = if none { None } else { wanted.form };
    let of_form = all.into_iter().filter(|(_, p)| wanted.form.is_none() || p.form == form);
    let mut found: Vec<(&Chip, Parts)> = of_form.collect();
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

/// The chip of an alias or of a name of the table, both in the form of [`key`].
fn exact(wanted: &str) -> Option<&'static Chip> {
    let named = |name: &str| CHIPS.iter().find(|c| c.name == name);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == wanted).and_then(|(_, name)| named(name));
    alias.or_else(|| CHIPS.iter().find(|c| !wanted.is_empty() && key(&c.name) == wanted))
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
    // Of what stands in brackets, only a form factor counts.
    let (before, inside) = name.split_once('(').unwrap_or((name, ""));
    let form = Parts::of(inside).form;
    let wanted = key(name);
    let found = if form.is_some() { None } else { exact(&wanted) };
    let same = || CHIPS.iter().find(|c| normal(&c.name) == normal(name)).filter(|_| !wanted.is_empty());
    let plain = format!("{before} {}", form.map_or("", Form::name));
    if let Some(chip) = found.or_else(same).or_else(|| by_parts(&plain)) {
        return Ok(chip);
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

    /// Chips that are not in the table, or for which it has no TDP, are never taken for a neighbour.
    #[test]
    fn names_that_stay_unknown() {
        for name in [
            "L40S",
            "NVIDIA L40S 48GB",
            "l40s",
            "NVIDIA H200 NVL",
            "NVIDIA A30",
            "A100X",
            "B100",
            "RTX 4090 Laptop",
            "RTX 3080 Ti",
            "RTX 4090D",
            "MI100",
            "MI210",
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
            "GB10",
        ] {
            assert!(find(name).is_err(), "{name}: {:?}", find(name));
        }
        for name in ["Trainium", "AWS Trainium"] {
            assert_eq!(named(name).1, None, "{name}");
        }
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
