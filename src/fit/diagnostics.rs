//! How far a fit can be trusted: in the sample, and on rows and organisations it has not seen.
//!
//! Q² is 1 − PRESS/TSS (Allen 1974, doi:10.1080/00401706.1974.10489157). Organisations are left out whole, because the
//! models of one are alike: the interval for each of its models is that of the fit on all others,
//! ŷ ± t·s·√(1 + h), and covers in 90 % of the cases if it is right. Duan's smearing factor is the mean of the
//! exponentiated residuals (1983, doi:10.1080/01621459.1983.10478017): what the mean is above the exponentiated fit.

use std::collections::BTreeMap;

use nalgebra::DMatrix;

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
    let members: Vec<Vec<usize>> = members.into_values().collect();
    let k = design.terms.len();
    let (mut squares, mut rows, mut inside) = (0.0, 0, 0);
    each_left_out(design, &members, Others::none(k), &mut |out, others| {
        let Some(fit) = others.fit(design) else { return };
        let t = student_t(LEVEL, (others.rows - k) as f64);
        for &i in out {
            let x: Vec<f64> = design.x.row(i).iter().copied().collect();
            let error = design.y[i] - fit.predicted(&x);
            squares += error * error;
            rows += 1;
            inside += usize::from(error.abs() <= t * fit.sd * (1.0 + fit.leverage_of(&x)).sqrt());
        }
    });
    let per_row = |x: f64| (rows > 0).then(|| x / rows as f64);
    LeftOut {
        organizations: members.len(),
        rows,
        gsd: per_row(squares).map(|mean| libm::exp(mean.sqrt())),
        coverage: per_row(inside as f64),
    }
}

/// Rows that are in a fit, as the triangular factor of (X, y): it has the same least squares, in k + 1 rows.
struct Others {
    factor: DMatrix<f64>,
    rows: usize,
}

impl Others {
    fn none(k: usize) -> Others {
        Others { factor: DMatrix::zeros(k + 1, k + 1), rows: 0 }
    }

    /// These and all rows of the members.
    fn and(&self, design: &Design<'_>, members: &[Vec<usize>]) -> Others {
        let more: Vec<usize> = members.iter().flatten().copied().collect();
        let (k, kept) = (design.terms.len(), self.factor.nrows());
        let all = DMatrix::from_fn(kept + more.len(), k + 1, |i, j| match i.checked_sub(kept).map(|i| more[i]) {
            None => self.factor[(i, j)],
            Some(row) if j == k => design.y[row],
            Some(row) => design.x[(row, j)],
        });
        Others { factor: all.qr().r(), rows: self.rows + more.len() }
    }

    /// The fit on these rows; `None` where they are too few or do not determine a coefficient.
    fn fit(&self, design: &Design<'_>) -> Option<Regression> {
        let k = design.terms.len();
        if self.rows < k + 2 {
            return None;
        }
        let x = self.factor.columns(0, k).into_owned();
        let y = self.factor.column(k).into_owned();
        let fit = ols(&x, &y, |j| design.terms.get(j).map_or_else(String::new, |t| t.name())).ok()?;
        // The factor has one row more than coefficients, and the residuals of all rows.
        let sd = fit.sd / ((self.rows - k) as f64).sqrt();
        Some(Regression { sd, ..fit })
    }
}

/// Each of the members with the rows of all others. Halves are left out together and then apart, so that a row is
/// taken in as often as the members can be halved, and not once for each of them.
fn each_left_out(
    design: &Design<'_>,
    members: &[Vec<usize>],
    others: Others,
    found: &mut dyn FnMut(&[usize], &Others),
) {
    match members {
        [] => {}
        [one] => found(one, &others),
        _ => {
            let (first, second) = members.split_at(members.len() / 2);
            each_left_out(design, first, others.and(design, second), found);
            each_left_out(design, second, others.and(design, first), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DVector;

    use super::*;
    use crate::fit::{Response, Sample, Size, known_compute, sample};

    /// The definition: a fit of its own on the rows of all other organisations.
    #[test]
    fn an_organisation_is_left_out_as_by_a_fit_of_the_others() {
        let rows = sample::rows(&known_compute(), Size::Active);
        let design = Design::new(Sample::Language, Response::Tokens, &rows.rows).unwrap();
        let quick = leave_organizations_out(&design);
        let k = design.terms.len();
        let (mut squares, mut count) = (0.0, 0);
        for (i, row) in design.rows.iter().enumerate() {
            let kept: Vec<usize> =
                (0..design.rows.len()).filter(|j| design.rows[*j].organization != row.organization).collect();
            let x = DMatrix::from_fn(kept.len(), k, |i, j| design.x[(kept[i], j)]);
            let y = DVector::from_fn(kept.len(), |i, _| design.y[kept[i]]);
            let fit = ols(&x, &y, |j| j.to_string()).unwrap();
            let error = design.y[i] - fit.predicted(&design.x.row(i).iter().copied().collect::<Vec<_>>());
            squares += error * error;
            count += 1;
        }
        let gsd = libm::exp((squares / f64::from(count)).sqrt());
        assert_eq!(quick.rows, count as usize);
        assert!((quick.gsd.unwrap() / gsd - 1.0).abs() < 1e-11, "{:?} {gsd}", quick.gsd);
        // Negative control: with its own rows the fit is better.
        let whole = ols(&design.x, &design.y, |j| j.to_string()).unwrap();
        let own = libm::exp((whole.residuals.iter().map(|e| e * e).sum::<f64>() / f64::from(count)).sqrt());
        assert!(gsd / own - 1.0 > 1e-3);
    }
}
