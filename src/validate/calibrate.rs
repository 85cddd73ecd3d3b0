//! The MFU priors, derived from published runs by one written rule, so that they can be derived again without a family.
//!
//! The median of a chip is the geometric mean over families (organisation and year; within a family over its runs) and
//! one more family at 0.40, the usual planning assumption: a prior with the weight of one observation (R. E. Kass and
//! L. Wasserman, J. Am. Stat. Assoc. 90 (1995) 928–934, doi:10.1080/01621459.1995.10476592). On H100-class chips, the only
//! ones whose runs show it, ln MFU has a slope on ln N_active: least squares, shrunk towards 0 by the same unit.
//! The spread is the root mean square over families of the error of each family's runs under priors derived without it.

use super::runs_file::Run;
use crate::assess::hardware::{self, Chip, Family};

/// MFU of a new chip where nothing is known.
const CENTRE: f64 = 0.40;
/// N_active at which the H100 median is stated.
pub const REFERENCE: f64 = 20e9;
/// Limits of the H100 median, `efficiency.mfu_h100_lo` and `_hi`.
const H100_LIMITS: (f64, f64) = (0.06, 0.40);

/// Chips with an MFU prior of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Hopper and Blackwell.
    H100,
    /// A100 and A800.
    A100,
    /// V100.
    V100,
    /// Every TPU.
    Tpu,
    /// Every other chip: no median is derived for it.
    Other,
}

impl Class {
    /// The class of a chip.
    pub fn of(chip: &Chip) -> Class {
        match chip.family {
            Family::H100 => Class::H100,
            Family::A100 => Class::A100,
            Family::V100 => Class::V100,
            Family::TpuV3 | Family::TpuV4 | Family::TpuOther => Class::Tpu,
            Family::Other => Class::Other,
        }
    }
}

/// One run's utilisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Organisation and year of the run.
    pub family: String,
    /// Class of its chip.
    pub class: Class,
    /// Active parameters; `None` where not stated.
    pub active: Option<f64>,
    /// ln of FLOP / (hours · dense peak).
    pub ln_mfu: f64,
}

/// The one chip that a row names, with its dense peak in FLOP/s.
pub fn chip(run: &Run) -> Option<(&'static Chip, f64)> {
    let found = hardware::find_all(&run.hardware).ok()?;
    let [chip] = found.as_slice() else { return None };
    Some((chip, chip.peak_flops?))
}

impl Point {
    /// With the given FLOP.
    pub fn of(run: &Run, flop: f64) -> Option<Point> {
        let (chip, peak) = chip(run)?;
        let ln_mfu = libm::log(flop / (run.gpu_hours? * 3600.0 * peak));
        Some(Point { family: run.family(), class: Class::of(chip), active: run.active(), ln_mfu })
    }
}

/// The medians; see the priors of the same names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Medians {
    /// Median MFU on A100-class chips.
    pub a100: f64,
    /// Median MFU on H100-class chips at 20e9 active parameters.
    pub h100_at_20b: f64,
    /// Slope of ln MFU on ln N_active, on H100-class chips.
    pub h100_exponent: f64,
    /// Median MFU on V100s.
    pub v100: f64,
    /// Median MFU on TPUs.
    pub tpu: f64,
}

/// By the rule above. `points` may be empty: then every median is 0.40.
pub fn medians(points: &[Point]) -> Medians {
    let of = |class| points.iter().filter(move |p| p.class == class);
    let x = |p: &Point| libm::log(p.active.unwrap_or(REFERENCE) / REFERENCE);
    let n = of(Class::H100).count() as f64;
    let (mean_x, mean_y) =
        (of(Class::H100).map(x).sum::<f64>() / n.max(1.0), of(Class::H100).map(|p| p.ln_mfu).sum::<f64>() / n.max(1.0));
    let sxx: f64 = of(Class::H100).map(|p| (x(p) - mean_x) * (x(p) - mean_x)).sum();
    let sxy: f64 = of(Class::H100).map(|p| (x(p) - mean_x) * (p.ln_mfu - mean_y)).sum();
    let slope = sxy / (sxx + 1.0);
    let centre = |class, slope: f64| {
        let own = by_family(of(class).map(|p| (p.family.as_str(), p.ln_mfu - slope * x(p))));
        let sum: f64 = own.iter().sum::<f64>() + libm::log(CENTRE);
        libm::exp(sum / (own.len() as f64 + 1.0))
    };
    Medians {
        a100: centre(Class::A100, 0.0),
        h100_at_20b: centre(Class::H100, slope),
        h100_exponent: slope,
        v100: centre(Class::V100, 0.0),
        tpu: centre(Class::Tpu, 0.0),
    }
}

/// Means by family, in the order of their first rows.
pub fn by_family<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> Vec<f64> {
    let mut sums: Vec<(&str, f64, f64)> = Vec::new();
    for (family, value) in values {
        match sums.iter_mut().find(|(f, ..)| *f == family) {
            Some((_, sum, n)) => {
                *sum += value;
                *n += 1.0;
            }
            None => sums.push((family, value, 1.0)),
        }
    }
    sums.into_iter().map(|(_, sum, n)| sum / n).collect()
}

impl Medians {
    /// ln of the median MFU of a run on such a chip; `None` for chips without published runs.
    fn ln_median(&self, point: &Point) -> Option<f64> {
        let median = match point.class {
            Class::A100 => self.a100,
            Class::V100 => self.v100,
            Class::Tpu => self.tpu,
            Class::H100 => {
                let n = point.active.unwrap_or(REFERENCE) / REFERENCE;
                (self.h100_at_20b * libm::pow(n, self.h100_exponent)).clamp(H100_LIMITS.0, H100_LIMITS.1)
            }
            Class::Other => return None,
        };
        Some(libm::log(median))
    }
}

/// Points of other families.
pub fn without(points: &[Point], families: &[String]) -> Vec<Point> {
    points.iter().filter(|p| !families.contains(&p.family)).cloned().collect()
}

/// Spread (ln) of a run of a family that the medians have not seen; 0 of no points.
pub fn spread(points: &[Point]) -> f64 {
    let errors = points.iter().filter_map(|p| {
        let error = p.ln_mfu - medians(&without(points, std::slice::from_ref(&p.family))).ln_median(p)?;
        Some((p.family.as_str(), error * error))
    });
    let squares = by_family(errors);
    if squares.is_empty() { 0.0 } else { (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::priors::Priors;
    use crate::assess::priors::names::efficiency::*;
    use crate::validate::predict::points;

    fn point(family: &str, class: Class, active: f64, mfu: f64) -> Point {
        Point { family: family.into(), class, active: Some(active), ln_mfu: mfu.ln() }
    }

    /// By hand: two runs of one family count as one at their geometric mean 0.3; with the family at 0.40 the median is
    /// √(0.3 · 0.4). A second family at 0.2: (0.3 · 0.2 · 0.4)^⅓.
    #[test]
    fn a_median_is_the_mean_over_families_and_one_at_forty_percent() {
        let mut runs = vec![point("a", Class::A100, 1e9, 0.225), point("a", Class::A100, 1e11, 0.4)];
        assert!((medians(&runs).a100 - (0.3_f64 * 0.4).sqrt()).abs() < 1e-12);
        runs.push(point("b", Class::A100, 1e10, 0.2));
        let found = medians(&runs);
        assert!((found.a100 - (0.3_f64 * 0.2 * 0.4).cbrt()).abs() < 1e-12 && (found.v100 - 0.4).abs() < 1e-12);
        assert!((medians(&without(&runs, &["b".to_string()])).a100 - found.a100).abs() > 0.01);
    }

    /// ln N one e-fold below and above the reference, MFU a factor e apart: least squares gives a slope of ½, Sxx = 2,
    /// Sxy = 1; shrunk 1/(2 + 1).
    #[test]
    fn the_slope_is_shrunk_by_one_unit() {
        let e = std::f64::consts::E;
        let runs = [point("a", Class::H100, REFERENCE / e, 0.1), point("a", Class::H100, REFERENCE * e, 0.1 * e)];
        assert!((medians(&runs).h100_exponent - 1.0 / 3.0).abs() < 1e-12);
    }

    /// The shipped medians are an earlier reading of the same runs. They may stay as long as the rule does not move them
    /// by more than its own spread (docs/validation.md has both).
    #[test]
    fn the_rule_gives_the_shipped_priors_within_its_spread() {
        let found = medians(&points());
        let priors = Priors::defaults();
        let spread = spread(&points());
        assert!((0.2..0.45).contains(&spread), "{spread}");
        for (name, value) in
            [(MFU_A100, found.a100), (MFU_H100_AT_20B, found.h100_at_20b), (MFU_V100, found.v100), (MFU_TPU, found.tpu)]
        {
            let shipped = priors.number(name);
            assert!((value / shipped).ln().abs() < spread, "{name:?}: the rule gives {value:.4}, shipped is {shipped}");
            assert!((value / (2.0 * shipped)).ln().abs() > spread);
        }
        assert!((found.h100_exponent - priors.number(MFU_H100_EXPONENT)).abs() < 0.1);
    }
}
