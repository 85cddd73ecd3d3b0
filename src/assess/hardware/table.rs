//! The accelerators that are known: power and peak of each.
//!
//! Two tables of one form: Epoch AI's (`data/hardware.csv`), and the chips that people have and it lacks
//! (`data/hardware_more.csv`, with a source for each). The peak is the larger of the dense 16-bit and the fp32 rate,
//! because the plain 16-bit rate of chips without tensor units is sometimes a crippled one (GTX 1080 Ti: 1.8e11 against
//! 1.1e13); rates "with sparsity" are nowhere used. A figure that neither table has is not known, and nothing stands in.

use std::sync::LazyLock;

use super::name::key;

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
    /// Watts; `None` where no table gives it.
    pub tdp_w: Option<f64>,
    /// FLOP/s, dense; `None` where no table gives it.
    pub peak_flops: Option<f64>,
    /// Dense peaks in formats of fewer bits, for MFUs that are stated in one.
    pub fp8_flops: Option<f64>,
    /// The same in four bits.
    pub fp4_flops: Option<f64>,
    /// Of integers.
    pub int8_ops: Option<f64>,
    /// Chips whose priors it shares.
    pub family: Family,
    /// Whose figures these are.
    pub source: String,
}

/// Whose table the first one is.
const EPOCH: &str = "Epoch AI, Machine Learning Hardware, 2026-07";

/// Every chip, and further spellings of chips by their place in that list.
pub(super) struct Table {
    pub chips: Vec<Chip>,
    pub aliases: Vec<(String, usize)>,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let epoch = records(include_str!("../data/hardware.csv"));
    let mut chips: Vec<Chip> = epoch.iter().map(of_epoch).collect();
    let mut aliases = Vec::new();
    for row in &records(include_str!("../data/hardware_more.csv")) {
        // A name that is there already has further spellings only.
        let at = chips.iter().position(|c| Some(c.name.as_str()) == row.get(0)).unwrap_or_else(|| {
            chips.push(chip(row, [2, 3, 4], row.get(5).unwrap_or_default()));
            chips.len() - 1
        });
        let spellings = row.get(1).unwrap_or_default().split('|').filter(|t| !t.is_empty());
        aliases.extend(spellings.map(|t| (t.to_string(), at)));
    }
    Table { chips, aliases }
});

fn records(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().filter_map(Result::ok).collect()
}

fn of_epoch(row: &csv::StringRecord) -> Chip {
    let [fp8_flops, fp4_flops, int8_ops] = [4, 5, 6].map(|i| row.get(i).and_then(|t| t.parse::<f64>().ok()));
    Chip { fp8_flops, fp4_flops, int8_ops, ..chip(row, [1, 2, 3], EPOCH) }
}

/// A row whose TDP, dense 16-bit and fp32 rates are in these columns.
fn chip(row: &csv::StringRecord, columns: [usize; 3], source: &str) -> Chip {
    let [tdp, dense, single] = columns.map(|i| row.get(i).and_then(|t| t.parse::<f64>().ok()));
    let peak = match (dense, single) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    let name = row.get(0).unwrap_or_default().to_string();
    Chip {
        family: family(&name),
        tdp_w: tdp,
        peak_flops: peak,
        fp8_flops: None,
        fp4_flops: None,
        int8_ops: None,
        name,
        source: source.to_string(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> &'static Chip {
        TABLE.chips.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    #[test]
    fn the_tables_are_read_whole_and_no_name_comes_twice() {
        // 176 rows of Epoch's table, data/README.md of its copy.
        let epoch = TABLE.chips.iter().filter(|c| c.source == EPOCH).count();
        assert_eq!(epoch, 176);
        assert!(TABLE.chips.len() > 300 && TABLE.aliases.len() > 100);
        for (i, chip) in TABLE.chips.iter().enumerate() {
            assert!(TABLE.chips[..i].iter().all(|c| c.name != chip.name), "{}", chip.name);
            assert!(!chip.source.is_empty(), "{}", chip.name);
        }
    }

    #[test]
    fn figures_are_those_of_the_sources_or_none() {
        // mlco2/impact, data/gpus.csv at d0d3ee5: L40S 350 W, Titan RTX 280 W, RTX 2080 215 W, RTX 3080 TI 350 W. Its
        // rates are not used (its fp16 rate of the L40S is 362.05 TFLOP/s, of the H100 that with sparsity).
        for (name, watts) in [
            ("NVIDIA L40S", 350.0),
            ("NVIDIA TITAN RTX", 280.0),
            ("NVIDIA GeForce RTX 2080", 215.0),
            ("NVIDIA GeForce RTX 3080 Ti", 350.0),
        ] {
            assert_eq!((of(name).tdp_w, of(name).peak_flops), (Some(watts), None), "{name}");
            assert!(of(name).source.contains("mlco2/impact"));
        }
        for name in ["NVIDIA A30", "NVIDIA GeForce RTX 5090", "Apple M2 Ultra", "AMD Instinct MI210", "NVIDIA B100"] {
            assert_eq!((of(name).tdp_w, of(name).peak_flops), (None, None), "{name}");
        }
        // Epoch's own figures stay: 8.93e13 would be half of the H100 PCIe's 7.56e14 dense.
        assert_eq!(of("NVIDIA H100 PCIe").peak_flops, Some(7.56e14));
    }
}
