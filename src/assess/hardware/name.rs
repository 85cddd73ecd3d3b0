//! The parts of a chip's written name: vendor, model, form factor, memory, and numbers of chips.
//!
//! `nvidia-smi`, model cards and papers write one chip in many ways ("NVIDIA H100 80GB HBM3", "8x H100-SXM5"). Two
//! readings: [`key`] is the whole name in a normal form, [`Parts`] takes it apart. Words that nobody knows stay in the
//! model, so that no name is taken for a neighbour's.

/// Words that say who made or sells the chip, not which it is.
const VENDOR: [&str; 17] = [
    "nvidia", "google", "cloud", "tesla", "geforce", "quadro", "amd", "radeon", "instinct", "intel", "habana",
    "huawei", "amazon", "aws", "gpu", "gpus", "memory",
];

/// The name without case, punctuation, vendor words, a leading count ("8x") and a pod size ("v3-256").
pub(super) fn key(name: &str) -> String {
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

/// Words of a name that leave open which chip it is.
const IGNORED: [&str; 29] = [
    "about",
    "approximately",
    "custom",
    "mix",
    "of",
    "station",
    "tensor",
    "core",
    "accelerator",
    "accelerators",
    "chip",
    "chips",
    "card",
    "cards",
    "node",
    "nodes",
    "npu",
    "oam",
    "nvlink",
    "hopper",
    "ampere",
    "volta",
    "grace",
    "superchip",
    "hbm",
    "hbm2",
    "hbm3",
    "hbm3e",
    "x",
];
/// Models whose plural is no other chip (the L40S and the V100S are).
const PLURAL: [&str; 6] = ["h100s", "h200s", "h800s", "a100s", "a800s", "p100s"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Sxm,
    Pcie,
    Nvl,
}

impl Form {
    fn of(word: &str) -> Option<Form> {
        match word {
            "sxm" | "sxm2" | "sxm3" | "sxm4" | "sxm5" | "sxm6" | "dgx" | "hgx" => Some(Form::Sxm),
            // "PCle" is a slip of the table.
            "pcie" | "pcle" => Some(Form::Pcie),
            "nvl" => Some(Form::Nvl),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Form::Sxm => "sxm",
            Form::Pcie => "pcie",
            Form::Nvl => "nvl",
        }
    }
}

/// What a name says, word by word.
#[derive(Debug, PartialEq)]
pub(super) struct Parts {
    /// Everything that is none of the others, joined: "h100", "rtxa6000", "tpuv5e". Words that nobody knows stay in it,
    /// so that no chip is found.
    pub model: String,
    pub form: Option<Form>,
    /// GB.
    pub memory: Option<u32>,
}

impl Parts {
    pub fn of(name: &str) -> Parts {
        // A plural, unlike the V100S.
        let lower = name.replace("V100s", "V100").to_lowercase();
        let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        words.retain(|w| !VENDOR.contains(w));
        let (mut form, mut memory, mut hbm2e, mut kept) = (None, None, false, Vec::<&str>::new());
        let blackwell = words.iter().any(|w| ["b200", "b300", "gb200", "gb300"].contains(w));
        let digits = |w: &str| w.parse::<u32>().ok().filter(|_| w.chars().all(|c| c.is_ascii_digit()));
        let gb = |w: &str| ["gb", "gib", "g"].iter().find_map(|unit| digits(w.strip_suffix(unit)?));
        for (i, word) in words.iter().copied().enumerate() {
            let next = words.get(i + 1).copied().unwrap_or_default();
            let before = if i > 0 { words.get(i - 1).copied().unwrap_or_default() } else { "" };
            if let Some(found) = Form::of(word) {
                // "HGX H100 PCIe" is none; the plainer word decides.
                form = if matches!(word, "dgx" | "hgx") { form.or(Some(found)) } else { Some(found) };
            } else if let Some(size) = gb(word) {
                memory = Some(size);
            } else if matches!(word, "gb" | "gib") && digits(before).is_some() {
                memory = digits(before);
            } else if word == "hbm2e" {
                hbm2e = true;
            } else if IGNORED.contains(&word) || blackwell && matches!(word, "blackwell" | "ultra") {
            } else if word.strip_prefix("nvl").is_some_and(|n| digits(n).is_some()) {
                // A rack ("GB200 NVL72").
            } else if word.strip_prefix('x').or_else(|| word.strip_suffix('x')).is_some_and(|n| digits(n).is_some())
                || digits(word).is_some() && (kept.is_empty() || before == "x" || matches!(next, "gb" | "gib" | "x"))
            {
                // A number of chips, or of GB.
            } else if PLURAL.contains(&word) {
                kept.push(word.trim_end_matches('s'));
            } else {
                kept.push(word);
            }
        }
        let mut model = kept.concat();
        if model.contains("tpu") || model.starts_with("v5lite") {
            // "TPU v5 lite pod", "v5litepod-256", "TPU v5e-256 pod".
            if let Some(last) = kept.last().filter(|w| kept.len() > 1 && digits(w).is_some()) {
                model.truncate(model.len() - last.len());
            }
            model = model.replace("lite", "e").replace("slice", "").replace("pod", "");
            if model.starts_with('v') {
                model.insert_str(0, "tpu");
            }
        }
        // Only the PCIe cards of Hopper have HBM2e.
        if hbm2e && form.is_none() && matches!(model.as_str(), "h100" | "h800") {
            form = Some(Form::Pcie);
        }
        Parts { model, form, memory }
    }
}

/// Whether a name leaves open which card of several with other TDPs it is: "A100" is one of 400, 300 or 250 W.
pub fn leaves_form_open(name: &str) -> bool {
    let (before, inside) = name.split_once('(').unwrap_or((name, ""));
    let parts = Parts::of(before);
    parts.form.or(Parts::of(inside).form).is_none()
        && ["p100", "v100", "a100", "a800", "h100", "h800", "h200"].contains(&parts.model.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_factor_is_said_or_not() {
        for open in ["A100", "NVIDIA A100 80GB (512)", "8x H100 80GB HBM3", "V100 32GB"] {
            assert!(leaves_form_open(open), "{open}");
        }
        for said in ["NVIDIA A100-SXM4-80GB", "H100 PCIe", "DGX A100", "Google TPU v3", "RTX 4090", "MI300X"] {
            assert!(!leaves_form_open(said), "{said}");
        }
    }

    #[test]
    fn a_name_is_taken_apart() {
        let of = |name: &str| {
            let Parts { model, form, memory } = Parts::of(name);
            (model, form, memory)
        };
        assert_eq!(of("8 x NVIDIA A100-SXM4-80GB"), ("a100".into(), Some(Form::Sxm), Some(80)));
        assert_eq!(of("Tesla V100 PCIe 16 GB"), ("v100".into(), Some(Form::Pcie), Some(16)));
        assert_eq!(of("RTX 4090 Laptop GPU"), ("rtx4090laptop".into(), None, None));
        assert_eq!(of("GB200 NVL72"), ("gb200".into(), None, None));
    }
}
