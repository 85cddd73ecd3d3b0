//! Sums of measured energies, and the interval of one.
//!
//! The errors of several measurements are taken as common to all: the same meters are off in the same direction, and the
//! losses of one power supply are those of the next. Quantiles of variables that rise and fall together add up, so the
//! median of the sum is the sum of the medians, and its ends at 5 % and 95 % are the sums of the ends. That is the widest
//! sum of lognormals, and exact where all have one GSD.

use super::measured::Energy;

/// Standard normal quantile at 0.95 (Abramowitz and Stegun 1964, ISBN 0-486-61272-4, table 26.5).
pub const Z95: f64 = 1.644_853_626_951_472_7;

/// The central 90 % interval, in kWh.
pub fn interval_kwh(energy: Energy) -> [f64; 2] {
    let factor = libm::pow(energy.gsd.max(1.0), Z95);
    [energy.median_kwh / factor, energy.median_kwh * factor]
}

/// The sum of energies whose errors are common; `None` of none.
pub fn sum(energies: impl IntoIterator<Item = Energy>) -> Option<Energy> {
    let mut all = energies.into_iter().peekable();
    all.peek()?;
    let (mut median_kwh, mut low, mut high, mut gsd, mut same) = (0.0, 0.0, 0.0, None, true);
    for energy in all {
        let [lo, hi] = interval_kwh(energy);
        median_kwh += energy.median_kwh;
        (low, high) = (low + lo, high + hi);
        same &= gsd.is_none_or(|known| known == energy.gsd);
        gsd = Some(energy.gsd);
    }
    let apart = if low > 0.0 { libm::exp(libm::log(high / low) / (2.0 * Z95)) } else { 1.0 };
    Some(Energy { median_kwh, gsd: if same { gsd.unwrap_or(1.0) } else { apart } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(median_kwh: f64, gsd: f64) -> Energy {
        Energy { median_kwh, gsd }
    }

    #[test]
    fn errors_in_common_keep_their_size() {
        let found = sum([energy(1.0, 1.3), energy(3.0, 1.3)]).unwrap();
        assert_eq!((found.median_kwh, found.gsd), (4.0, 1.3));
        // Independent errors would cancel: exp(sqrt(2 σ²/4)) for two equal parts, about.
        assert!(found.gsd > libm::exp(libm::log(1.3) / 2f64.sqrt()));
        assert_eq!(sum([]), None);
        assert_eq!(sum([energy(2.0, 1.0)]), Some(energy(2.0, 1.0)));
    }

    /// Python: 1.3 ** -1.6448536269514727 and 1.3 ** 1.6448536269514727.
    #[test]
    fn ends_are_quantiles() {
        let [low, high] = interval_kwh(energy(1.0, 1.3));
        assert!((low - 0.649_501_059).abs() < 1e-9 && (high - 1.539_643_370).abs() < 1e-9, "{low} {high}");
    }

    #[test]
    fn different_errors_add_up_at_their_ends() {
        let parts = [energy(1.0, 1.1), energy(1.0, 2.0)];
        let found = sum(parts).unwrap();
        let ends = parts.map(interval_kwh);
        let ratio = (ends[0][1] + ends[1][1]) / (ends[0][0] + ends[1][0]);
        let [low, high] = interval_kwh(found);
        assert!((high / low / ratio - 1.0).abs() < 1e-12 && found.gsd > 1.1 && found.gsd < 2.0);
    }
}
