//! The MFU priors, fitted to published runs, so that they can be fitted again without a family.
//!
//! ln MFU = level of the chip's class + slope · ln(N_active / 20 B) on H100-class chips + family + run, a family being an
//! organisation in one year ([`super::hierarchy`]). The levels are N(μ, s²), so that a class without a run has μ; μ is
//! about ln 0.40, the usual planning assumption. Only H100-class chips have a slope: of the alternatives it has by far the
//! largest marginal likelihood (`docs/priors_fit.py --slopes`). The constants are those of that script.

use nalgebra::{DMatrix, DVector};

use super::hierarchy::{Grouped, Observation, Prior, half_normal, middles, mixed};
use super::runs_file::Run;
use crate::assess::hardware::{self, Chip, Family};
use crate::assess::priors::names::efficiency::*;
use crate::assess::priors::names::{Loadings, Name};

/// Mean and sd of μ.
const CENTRE: (f64, f64) = (0.40, 0.3);
/// Sd of the slope, about 0.
const SLOPE_SD: f64 = 0.25;
/// Scale of the half-normal priors of the sds of chips, families and runs.
const SCALE: f64 = 0.3;
/// The grid of each sd.
const GRID: (f64, usize) = (0.9, 12);
/// N_active at which the H100 median is stated.
pub const REFERENCE: f64 = 20e9;

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

/// What the runs say of the MFU priors.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Of ln of the medians and of the slope, in the order of [`PARAMETERS`].
    mean: DVector<f64>,
    /// Cholesky factor of their covariance.
    factor: DMatrix<f64>,
    /// Sd of ln MFU between families, and within.
    pub family_sd: f64,
    /// Sd of ln MFU between the runs of a family.
    pub run_sd: f64,
}

/// The classes in the order of θ = (μ, level − μ of each class, slope).
const CLASSES: [Class; 5] = [Class::H100, Class::A100, Class::Tpu, Class::V100, Class::Other];

/// The priors in the order of the Cholesky factor: rows on H100s, most of the compute, then load on two normals only.
fn parameters() -> [(Name, Loadings); 6] {
    [
        (MFU_H100_AT_20B.into(), MFU_H100_AT_20B_LOADINGS),
        (MFU_H100_EXPONENT.into(), MFU_H100_EXPONENT_LOADINGS),
        (MFU_A100.into(), MFU_A100_LOADINGS),
        (MFU_TPU.into(), MFU_TPU_LOADINGS),
        (MFU_V100.into(), MFU_V100_LOADINGS),
        (MFU_OTHER.into(), MFU_OTHER_LOADINGS),
    ]
}

/// Rows of the matrix from θ to the parameters: which of θ each is the sum of.
const OF_THETA: [&[usize]; 6] = [&[0, 1], &[6], &[0, 2], &[0, 3], &[0, 4], &[0, 5]];

/// Fits the priors; without points they are what was assumed beforehand. `None` never happens with a finite point.
pub fn fit(points: &[Point]) -> Option<Fit> {
    let observation = |p: &Point| {
        let size = libm::log(p.active.unwrap_or(REFERENCE) / REFERENCE);
        let mut x = vec![1.0];
        x.extend(CLASSES.map(|class| f64::from(u8::from(class == p.class))));
        x.push(if p.class == Class::H100 { size } else { 0.0 });
        Observation { x, y: p.ln_mfu, group: p.family.clone() }
    };
    let observations: Vec<Observation> = points.iter().map(observation).collect();
    let grouped = Grouped::new(&observations, 2 + CLASSES.len());
    let precision = |sd: f64| 1.0 / (sd * sd);
    let mut mean: DVector<f64> = DVector::zeros(2 + CLASSES.len());
    mean[0] = libm::log(CENTRE.0);
    let grid = middles(GRID.0, GRID.1);
    let mut cells = Vec::new();
    for chips in grid.clone() {
        let mut diagonal = vec![precision(CENTRE.1)];
        diagonal.extend([precision(chips); CLASSES.len()]);
        diagonal.push(precision(SLOPE_SD));
        let prior = Prior { mean: mean.clone(), precision: DVector::from_vec(diagonal) };
        for family in grid.clone() {
            for run in grid.clone() {
                let mut point = grouped.point(family, run, &prior)?;
                point.ln_weight += [chips, family, run].map(|sd| half_normal(sd, SCALE)).iter().sum::<f64>();
                point.sds = vec![family, run];
                cells.push(point);
            }
        }
    }
    let theta = mixed(&cells)?;
    let mut to: DMatrix<f64> = DMatrix::zeros(OF_THETA.len(), 2 + CLASSES.len());
    for (row, columns) in OF_THETA.iter().enumerate() {
        columns.iter().for_each(|column| to[(row, *column)] = 1.0);
    }
    let factor = (&to * theta.covariance * to.transpose()).cholesky()?.unpack();
    Some(Fit { mean: to * theta.mean, factor, family_sd: theta.sds[0], run_sd: theta.sds[1] })
}

/// Loadings as a study writes them.
pub fn written(loads: impl Iterator<Item = f64>) -> toml::Value {
    toml::Value::from(loads.map(|load| load.to_string()).collect::<Vec<_>>().join(", "))
}

impl Fit {
    /// The priors that it gives, as a study writes them.
    pub fn priors(&self) -> Vec<(Name, toml::Value)> {
        let mut found: Vec<(Name, toml::Value)> = Vec::new();
        for (row, (name, loadings)) in parameters().into_iter().enumerate() {
            let mean = self.mean[row];
            let is_slope = name == MFU_H100_EXPONENT.into();
            found.push((name, (if is_slope { mean } else { libm::exp(mean).min(1.0) }).into()));
            found.push((loadings.into(), written((0..=row).map(|k| self.factor[(row, k)]))));
        }
        found.push((MFU_FAMILY_SD.into(), self.family_sd.into()));
        found.push((MFU_RUN_SD.into(), self.run_sd.into()));
        found
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

/// Points of other families.
pub fn without(points: &[Point], families: &[String]) -> Vec<Point> {
    points.iter().filter(|p| !families.contains(&p.family)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::priors::Priors;
    use crate::validate::predict::points;

    /// The shipped priors are what `docs/priors_fit.py` prints: rounded to three figures, loadings to four decimals.
    fn differences(fit: &Fit) -> Vec<String> {
        let shipped = Priors::defaults();
        let number = |text: &str| text.trim().parse::<f64>().unwrap();
        let mut found = Vec::new();
        for (name, value) in fit.priors() {
            let entry = shipped.entries().iter().find(|e| e.name() == name).unwrap();
            let (text, rounding) = match &value {
                toml::Value::String(text) => (text.clone(), 0.6e-4),
                other => (other.to_string(), 0.6e-3),
            };
            let apart = entry.text.trim_matches('"').split(',').zip(text.split(','));
            let worst = apart.map(|(a, b)| (number(a) - number(b)).abs()).fold(0.0, f64::max);
            let lengths = entry.text.split(',').count() == text.split(',').count();
            if worst > rounding || !lengths {
                found.push(format!("{}: {} shipped, {text} fitted", entry.key(), entry.text));
            }
        }
        found
    }

    #[test]
    fn the_fit_gives_the_shipped_priors() {
        assert_eq!(points().len(), 22);
        assert_eq!(differences(&fit(&points()).unwrap()), Vec::<String>::new());
        // Negative control: one family fewer.
        let others = without(&points(), &["BigCode 2023".to_string()]);
        assert_eq!(others.len(), 21);
        let moved = differences(&fit(&others).unwrap());
        assert!(moved.iter().any(|d| d.starts_with("mfu_a100:")), "{moved:?}");
    }

    /// Without a run every median is near 0.40 and there is no slope; the level of a class is uncertain by the sd of μ and
    /// the mean of s² under the half-normal cut at the end of the grid, 0.3² + 0.297².
    #[test]
    fn without_runs_the_priors_are_the_assumption() {
        let fit = fit(&[]).unwrap();
        assert!((libm::exp(fit.mean[0]) - 0.40).abs() < 1e-12 && fit.mean[1].abs() < 1e-12);
        let sd = fit.factor.row(0).norm();
        assert!((sd - (0.3_f64 * 0.3 + 0.297 * 0.297).sqrt()).abs() < 0.005, "{sd}");
        assert!((fit.factor.row(1).norm() - SLOPE_SD).abs() < 1e-12);
    }

    /// By hand: two values of one family count as their mean 2, next to the other's 4.
    #[test]
    fn a_family_counts_once() {
        let values = [("a", 1.0), ("b", 4.0), ("a", 3.0)];
        assert_eq!(by_family(values.into_iter()), [2.0, 4.0]);
    }
}
