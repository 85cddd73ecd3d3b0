//! Errors of meters as lognormals, and sums in which an error that several devices have in common counts once.
//!
//! A device's energy is `m · exp(s z + c₁ z₁ + c₂ z₂ …)`: its median, an error of its own and errors by [`Cause`], where the
//! `z` of a cause is the same for all devices. A sum of such energies has the moments
//! `E = Σ Eᵢ`, `V = Σᵢⱼ Eᵢ Eⱼ (exp(Σₖ cᵢₖ cⱼₖ + [i = j] sᵢ²) − 1)` and is given as the lognormal with these two moments
//! (L. F. Fenton, IRE Trans. Commun. Syst. 8, 57–67, 1960, doi:10.1109/TCOM.1960.1097606).
//!
//! The constants below are standard deviations of ln. Where a document gives limits `±x`, they are taken as a central 90 %
//! range: sd = ln(1 + x) / 1.645. Where it gives no number, the number is chosen and says so.

use crate::track::measured::Energy;
pub use crate::track::total::Z95;

/// What an error of several devices comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The calibration of one kind of meter.
    Nvml,
    Amd,
    Rapl,
    RaplMemory,
    /// The command's share of the processors and of memory.
    Share,
    /// Typical power of a processor that has no meter.
    ProcessorPower,
    /// Typical power of memory that has no meter.
    MemoryPower,
    /// Typical power of an accelerator that has no meter.
    AcceleratorPower,
}

/// NVIDIA's boards: "accurate to within ±5 % of current power draw" (NVML API reference, nvmlDeviceGetPowerUsage), and the
/// slope of each card against an external meter differs within that range (arXiv:2312.02741). A card's own, therefore.
pub const NVML_CARD: f64 = 0.0297;
/// What cards have in common beyond their own error: chosen.
pub const NVML_COMMON: f64 = 0.01;
/// The sensor of A100 and H100 looks at a quarter of the time only (arXiv:2312.02741): what it misses averages out over a
/// run unless the load has its rhythm. Chosen.
pub const PART_TIME: f64 = 0.03;
/// AMD's accelerators: no public comparison with an external meter. Chosen.
pub const AMD_CARD: f64 = 0.03;
pub const AMD_COMMON: f64 = 0.03;
/// RAPL of Intel from Haswell on measures, and follows the plug within a few per cent (doi:10.1109/IPDPSW.2015.70,
/// doi:10.1145/3177754): ±8 %, chosen.
pub const RAPL_INTEL: f64 = 0.047;
/// AMD's is a model that does not see what data the units work on (arXiv:2108.00808): ±20 %, chosen.
pub const RAPL_AMD: f64 = 0.11;
/// Memory: an offset that differs between machines, worst when idle (doi:10.1145/2989081.2989088): ±20 %, chosen.
pub const RAPL_MEMORY: f64 = 0.11;
/// All else up to the plug per energy of accelerators, processors and memory. A workstation's plug against NVML, RAPL and
/// memory together: 1.25, from 1.14 to 1.33, in 78 runs of 15 minutes (raw data of arXiv:2509.22092 at d71d339). Eight H100:
/// a node takes 1.38 times its accelerators' TDP (arXiv:2506.14551), of which two processors and memory are about 0.15: 1.2.
pub const REST_PER_DEVICES: LogNormal = LogNormal { median: 0.25, ln_sd: 0.4 };

/// A lognormal by median and standard deviation of ln.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    pub median: f64,
    pub ln_sd: f64,
}

impl LogNormal {
    /// The lognormal with this mean and variance.
    pub fn of_moments(mean: f64, variance: f64) -> Self {
        if mean <= 0.0 {
            return Self { median: 0.0, ln_sd: 0.0 };
        }
        let ln_variance = libm::log1p(variance.max(0.0) / (mean * mean));
        Self { median: mean * libm::exp(-ln_variance / 2.0), ln_sd: ln_variance.sqrt() }
    }

    pub fn mean(self) -> f64 {
        self.median * libm::exp(self.ln_sd * self.ln_sd / 2.0)
    }

    /// The mean of the square.
    pub fn mean_square(self) -> f64 {
        self.median * self.median * libm::exp(2.0 * self.ln_sd * self.ln_sd)
    }
}

/// The standard deviation of ln for an error in the same unit as the value.
pub fn ln_sd(variance: f64, value: f64) -> f64 {
    if value > 0.0 { libm::log1p(variance / (value * value)).sqrt() } else { 0.0 }
}

/// The energy of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub median_j: f64,
    /// This device's alone.
    pub own: f64,
    pub common: Vec<(Cause, f64)>,
}

impl Term {
    /// The variance of ln.
    fn ln_variance(&self) -> f64 {
        self.own * self.own + self.common.iter().map(|(_, sd)| sd * sd).sum::<f64>()
    }

    pub fn energy(&self) -> Energy {
        energy(LogNormal { median: self.median_j, ln_sd: self.ln_variance().sqrt() })
    }

    /// A further error of its own.
    pub fn and(mut self, ln_sd: f64) -> Self {
        self.own = (self.own * self.own + ln_sd * ln_sd).sqrt();
        self
    }
}

/// Joules as kWh.
pub fn energy(joules: LogNormal) -> Energy {
    Energy { median_kwh: joules.median / 3.6e6, gsd: libm::exp(joules.ln_sd) }
}

/// The lognormal with the moments of the sum.
pub fn sum(terms: &[Term]) -> LogNormal {
    let mean = |t: &Term| t.median_j * libm::exp(t.ln_variance() / 2.0);
    let shared = |a: &Term, b: &Term| -> f64 {
        let pairs = a.common.iter().flat_map(|x| b.common.iter().map(move |y| (x, y)));
        pairs.filter(|(x, y)| x.0 == y.0).map(|(x, y)| x.1 * y.1).sum()
    };
    let mut variance = 0.0;
    for (i, a) in terms.iter().enumerate() {
        for (j, b) in terms.iter().enumerate() {
            let own = if i == j { a.own * a.own } else { 0.0 };
            variance += mean(a) * mean(b) * libm::expm1(shared(a, b) + own);
        }
    }
    LogNormal::of_moments(terms.iter().map(mean).sum(), variance)
}

/// Devices with all else up to the plug, `(1 + r) · devices`: what the rest takes, and all of it.
pub fn with_rest(devices: LogNormal) -> (LogNormal, LogNormal) {
    let r = REST_PER_DEVICES;
    let rest = LogNormal {
        median: r.median * devices.median,
        ln_sd: (r.ln_sd * r.ln_sd + devices.ln_sd * devices.ln_sd).sqrt(),
    };
    let mean = (1.0 + r.mean()) * devices.mean();
    let square = (1.0 + 2.0 * r.mean() + r.mean_square()) * devices.mean_square();
    (rest, LogNormal::of_moments(mean, square - mean * mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(median_j: f64, own: f64, common: &[(Cause, f64)]) -> Term {
        Term { median_j, own, common: common.to_vec() }
    }

    fn near(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-9
    }

    #[test]
    fn a_common_error_counts_once() {
        // n equal energies: with a wholly common error the sum is n times one of them, exactly.
        let common: Vec<Term> = (0..8).map(|_| term(100.0, 0.0, &[(Cause::Nvml, 0.1)])).collect();
        let all = sum(&common);
        assert!(near(all.median, 800.0) && near(all.ln_sd, 0.1));
        // With errors of their own: ln(1 + (e^(s²) − 1) / n) is the variance of ln.
        let own: Vec<Term> = (0..8).map(|_| term(100.0, 0.1, &[])).collect();
        let s2 = (1.0 + (0.01f64.exp() - 1.0) / 8.0).ln();
        let all = sum(&own);
        assert!(near(all.ln_sd, s2.sqrt()) && near(all.mean(), 800.0 * 0.005f64.exp()));
        // Different causes are independent.
        let two = sum(&[term(100.0, 0.0, &[(Cause::Nvml, 0.1)]), term(100.0, 0.0, &[(Cause::Rapl, 0.1)])]);
        assert!(two.ln_sd < 0.075);
    }

    #[test]
    fn the_rest_multiplies() {
        let (rest, all) = with_rest(LogNormal { median: 100.0, ln_sd: 0.0 });
        assert!(near(rest.median, 25.0) && near(rest.ln_sd, 0.4));
        // 1 + r for a fixed energy: mean 1 + 0.25 e^0.08, variance 0.0625 (e^0.32 − e^0.16).
        let mean = 1.0 + 0.25 * 0.08f64.exp();
        let variance = 0.0625 * (0.32f64.exp() - 0.16f64.exp());
        let expected = LogNormal::of_moments(100.0 * mean, 1e4 * variance);
        assert!(near(all.median, expected.median) && near(all.ln_sd, expected.ln_sd));
        // 90 % of 1 + r: the range of the sources, 1.14 to 1.33, lies within.
        let (low, high) = (1.0 + 0.25 * (-0.4 * Z95).exp(), 1.0 + 0.25 * (0.4 * Z95).exp());
        assert!(low < 1.14 && high > 1.33);
    }

    #[test]
    fn moments_and_back() {
        let l = LogNormal { median: 3.0, ln_sd: 0.5 };
        let back = LogNormal::of_moments(l.mean(), l.mean_square() - l.mean() * l.mean());
        assert!(near(back.median, 3.0) && near(back.ln_sd, 0.5));
        assert_eq!(LogNormal::of_moments(0.0, 1.0).median, 0.0);
    }
}
