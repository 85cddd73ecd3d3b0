//! How far a fit can be trusted: in the sample, and on rows and organisations it has not seen.
//!
//! Q² is 1 − PRESS/TSS (Allen 1974, doi:10.1080/00401706.1974.10489157). Organisations are left out whole, because the
//! models of one are alike: the interval for each of its models is that of the fit on all others,
//! ŷ ± t·s·√(1 + h), and covers in 90 % of the cases if it is right. Duan's smearing factor is the mean of the
//! exponentiated residuals (1983, doi:10.1080/01621459.1983.10478017): what the mean is above the exponentiated fit.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};

use super::design::Design;
use super::regression::{Regression, ols};
use crate::engine::stats::student_t::student_t;

/// Level of the intervals that are checked.
pub const LEVEL: f64 = 0.9;

/// How well one fit does, in its sample and out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics {
    /// Share of the variance explained; `None` where the response does not vary.
    pub r2: Option<f64>,
    /// Share of the variance explained of rows left out one by one; `None` as above, or where a row decides a
    /// coefficient alone.
    pub q2: Option<f64>,
    /// Third standardised moment of the residuals; `None` where there is no residual.
    pub skewness: Option<f64>,
    /// Mean of exp(residual).
    pub smearing: f64,
    /// The fit on all other organisations, for each of them.
    pub organizations: LeftOut,
}

/// Each organisation's rows by the fit on all others.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// Number of organisations.
    pub organizations: usize,
    /// Rows predicted; those of an organisation without which a coefficient cannot be determined are not.
    pub rows: usize,
    /// exp of the root mean square error (bias counted in).
    pub gsd: Option<f64>,
    /// Share of the rows inside their 90 % intervals.
    pub coverage: Option<f64>,
}

/// The diagnostics of a fit on this design.
pub fn diagnostics(design: &Design<'_>, fit: &Regression) -> Diagnostics {
    let n = fit.residuals.len() as f64;
    let mean = design.y.iter().sum::<f64>() / n;
    let total: f64 = design.y.iter().map(|y| (y - mean) * (y - mean)).sum();
    let share = |left: f64| (total > 0.0).then(|| 1.0 - left / total);
    let moment = |power: i32| fit.residuals.iter().map(|e| (0..power).fold(1.0, |x, _| x * e)).sum::<f64>() / n;
    let variance = moment(2);
    Diagnostics {
        r2: share(n * variance),
        q2: fit.left_out_residuals().and_then(|e| share(e.iter().map(|e| e * e).sum())),
        skewness: (variance > 0.0).then(|| moment(3) / (variance * variance.sqrt())),
        smearing: fit.residuals.iter().map(|e| libm::exp(*e)).sum::<f64>() / n,
        organizations: leave_organizations_out(design),
    }
}

fn leave_organizations_out(design: &Design<'_>) -> LeftOut {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in design.rows.iter().enumerate() {
        members.entry(row.organization.as_str()).or_default().push(i);
    }
    let (mut squares, mut rows, mut inside) = (0.0, 0, 0);
    for out in members.values() {
        let Some(fit) = without(design, out) else { continue };
        let k = design.terms.len();
        let t = student_t(LEVEL, (design.rows.len() - out.len() - k) as f64);
        for &i in out {
            let x: Vec<f64> = design.x.row(i).iter().copied().collect();
            let error = design.y[i] - fit.predicted(&x);
            squares += error * error;
            rows += 1;
            inside += usize::from(error.abs() <= t * fit.sd * (1.0 + fit.leverage_of(&x)).sqrt());
        }
    }
    let per_row = |x: f64| (rows > 0).then(|| x / rows as f64);
    LeftOut {
        organizations: members.len(),
        rows,
        gsd: per_row(squares).map(|mean| libm::exp(mean.sqrt())),
        coverage: per_row(inside as f64),
    }
}

/// The fit on all rows but these, in ascending order; `None` where they are too many or a coefficient rests on them alone.
fn without(design: &Design<'_>, out: &[usize]) -> Option<Regression> {
    let kept: Vec<usize> = (0..design.rows.len()).filter(|i| out.binary_search(i).is_err()).collect();
    let k = design.terms.len();
    if kept.len() < k + 2 {
        return None;
    }
    let x = DMatrix::from_fn(kept.len(), k, |i, j| design.x[(kept[i], j)]);
    let y = DVector::from_fn(kept.len(), |i, _| design.y[kept[i]]);
    ols(&x, &y, |j| design.terms.get(j).map_or_else(String::new, |t| t.name())).ok()
}
