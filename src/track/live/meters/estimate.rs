//! Power of what cannot be read, from the hardware found and its use. Each is a median with a standard deviation of ln.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::hardware::Hardware;
use super::uncertainty::LogNormal;
use crate::assess::hardware::find;

/// A processor's power at rest per its power at full load: servers of SPECpower take a quarter of full load when idle
/// (arXiv:2411.07062); low, middle and high are chosen around it.
pub const AT_REST: [f64; 3] = [0.12, 0.25, 0.5];
/// Full load against the thermal design power: limits of boards differ, and the least loads draw less. Chosen: ±50 %.
const FULL_LOAD: f64 = 0.25;
/// A hardware thread of a server where the model is not known or only a part of it is ours: 225 W and 128 threads (EPYC 7742),
/// 360 W and 192 (EPYC 9654), 350 W and 112 (Xeon 8480+), 150 W and 40 (Xeon Gold 6148), by the table of processors and the
/// makers' numbers of cores: 1.8 to 3.8 W. The spread is chosen wider.
const THREAD_W: LogNormal = LogNormal { median: 2.6, ln_sd: 0.45 };
/// Memory: 0.06 W per GB (a fit to 37 machines by RAPL, tailpipe.ai/methodology/operational-emissions-methodology-memory) to
/// 0.375 (3 W per 8 GB, CodeCarbon until version 3): these are taken as a central 90 % range.
const MEMORY_W_PER_GIB: LogNormal = LogNormal { median: 0.15, ln_sd: 0.557 };
/// An accelerator whose power nobody knows.
const ACCELERATOR_W: LogNormal = LogNormal { median: 300.0, ln_sd: 0.5 };
/// Mean power per design power of an accelerator in use, where not even its use can be read. Chosen.
const UNKNOWN_USE: LogNormal = LogNormal { median: 0.4, ln_sd: 0.6 };
/// With its use: from 0.15 at rest to 0.85 in full use, because "in use" says that something ran, not how much. Chosen.
const REST_AND_USE: [f64; 2] = [0.15, 0.7];
const KNOWN_USE: f64 = 0.3;

/// The power of a machine's processors at full load, its error, and what that rests on.
pub fn processors(hardware: &Hardware) -> (LogNormal, String) {
    let known = hardware.processor.as_deref().and_then(processor_tdp_w).filter(|_| !hardware.virtual_machine);
    if let Some(tdp_w) = known {
        let power = LogNormal { median: f64::from(hardware.sockets) * tdp_w, ln_sd: FULL_LOAD };
        return (power, format!("{} × {tdp_w} W of thermal design power and use", hardware.sockets));
    }
    let what = if hardware.virtual_machine { "virtual processors" } else { "threads" };
    let power = LogNormal { median: f64::from(hardware.threads) * THREAD_W.median, ln_sd: THREAD_W.ln_sd };
    (power, format!("{} {what} × {} W and use", hardware.threads, THREAD_W.median))
}

/// The power of a machine's memory, and what that rests on.
pub fn memory(gib: f64) -> (LogNormal, String) {
    let power = LogNormal { median: gib * MEMORY_W_PER_GIB.median, ..MEMORY_W_PER_GIB };
    (power, format!("{gib:.0} GiB × {} W", MEMORY_W_PER_GIB.median))
}

/// The mean power of an accelerator, its error, and what that rests on.
pub fn accelerator(tdp_w: Option<f64>, utilisation: Option<f64>) -> (f64, f64, String) {
    let (of_w, tdp_sd) = tdp_w.map_or((ACCELERATOR_W.median, ACCELERATOR_W.ln_sd), |w| (w, 0.0));
    let (part, part_sd) = match utilisation {
        Some(use_) => (REST_AND_USE[0] + REST_AND_USE[1] * use_.clamp(0.0, 1.0), KNOWN_USE),
        None => (UNKNOWN_USE.median, UNKNOWN_USE.ln_sd),
    };
    let of = if tdp_w.is_some() { "of thermal design power" } else { "of an accelerator of unknown kind" };
    let how =
        utilisation.map_or_else(|| "use unknown".to_string(), |u| format!("in use {:.0} % of the time", 100.0 * u));
    (of_w * part, (tdp_sd * tdp_sd + part_sd * part_sd).sqrt(), format!("{of_w:.0} W {of}, {how}"))
}

/// The design power of an accelerator by the name that its driver gives it.
pub fn tdp_w(model: &str) -> Option<f64> {
    find(model).ok()?.tdp_w
}

/// Processors by the form of their name: CodeCarbon's table at b05965e (MIT), which holds makers' figures.
static PROCESSORS: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
    let rows = include_str!("data/cpu_power.csv").lines().skip(1).filter_map(|line| line.rsplit_once(','));
    rows.filter_map(|(name, tdp)| Some((form(name), tdp.parse().ok()?))).collect()
});

/// The design power of a processor by the name in `/proc/cpuinfo`.
pub fn processor_tdp_w(name: &str) -> Option<f64> {
    PROCESSORS.get(&form(name)).copied()
}

/// `13th Gen Intel(R) Core(TM) i9-13900K`, `AMD EPYC 7742 64-Core Processor`, `Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz` as
/// the table writes them, in lower case without spaces.
fn form(name: &str) -> String {
    let name = name.split('@').next().unwrap_or(name).replace("(R)", " ").replace("(TM)", " ").replace("(tm)", " ");
    const FILLER: [&str; 6] = ["CPU", "Processor", "Gen", "with", "Radeon", "Graphics"];
    let generation = |word: &str| word.strip_suffix("th").is_some_and(|n| n.parse::<u32>().is_ok());
    let says = |word: &&str| !(FILLER.contains(word) || word.ends_with("-Core") || generation(word));
    name.split_whitespace().filter(says).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_by_the_names_of_the_kernel() {
        // Makers' pages: 225 W, 120 W, 125 W, 350 W.
        for (name, watts) in [
            ("AMD EPYC 7742 64-Core Processor", 225.0),
            ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", 120.0),
            ("13th Gen Intel(R) Core(TM) i9-13900K", 125.0),
            ("Intel(R) Xeon(R) Platinum 8480+", 350.0),
        ] {
            assert_eq!(processor_tdp_w(name), Some(watts), "{name}");
        }
        for name in ["AMD EPYC", "Intel(R) Xeon(R) Processor", "", "Intel(R) Xeon(R) Platinum 8480+ Plus"] {
            assert_eq!(processor_tdp_w(name), None, "{name}");
        }
    }

    #[test]
    fn accelerators_by_the_names_of_drivers() {
        assert_eq!(tdp_w("NVIDIA H100 80GB HBM3"), Some(700.0));
        assert_eq!(tdp_w("a chip of nobody"), None);
    }

    #[test]
    fn virtual_processors_are_no_sockets() {
        let name = Some("AMD EPYC 7742 64-Core Processor".to_string());
        let metal = Hardware { processor: name, sockets: 2, threads: 256, ..Hardware::default() };
        assert_eq!(processors(&metal).0.median, 450.0);
        let guest = Hardware { virtual_machine: true, threads: 8, sockets: 8, ..metal };
        let (power, said) = processors(&guest);
        assert!((power.median - 20.8).abs() < 1e-9 && power.ln_sd > 0.4 && said.contains("virtual"));
    }
}
