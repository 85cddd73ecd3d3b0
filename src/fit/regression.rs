//! Ordinary least squares by Householder QR.
//!
//! X = QR with R's diagonal positive; b = R⁻¹Qᵀy, (XᵀX)⁻¹ = R⁻¹R⁻ᵀ, and the leverage of row i is |Qᵢ|² (Golub and
//! Van Loan, Matrix Computations, section 5.3). Robust standard errors are HC3: residuals divided by 1 − h (MacKinnon
//! and White 1985, doi:10.1016/0304-4076(85)90158-7).

use nalgebra::{DMatrix, DVector};

use super::FitError;

/// A fit. Vectors by row or by coefficient, in the order of the design.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// The estimates b, by column.
    pub coefficients: Vec<f64>,
    /// R⁻¹, upper triangular: s·R⁻¹·z with z standard normal has the coefficients' covariance.
    pub root: DMatrix<f64>,
    /// Xb, by row.
    pub fitted: Vec<f64>,
    /// y − Xb, by row.
    pub residuals: Vec<f64>,
    /// h = |Qᵢ|², by row.
    pub leverage: Vec<f64>,
    /// Residual standard deviation s, of n − k degrees of freedom.
    pub sd: f64,
}

/// A column whose part that the earlier ones do not explain is below this share of it.
const COLLINEAR: f64 = 1e-9;
/// A row with this much leverage decides a coefficient alone.
const FULL_LEVERAGE: f64 = 1.0 - 1e-9;

/// Fits `y` on the columns of `x`; `name` of a column is for messages.
///
/// # Errors
/// No more rows than columns, or a column that is a combination of those before it.
pub fn ols(x: &DMatrix<f64>, y: &DVector<f64>, name: impl Fn(usize) -> String) -> Result<Regression, FitError> {
    let (n, k) = x.shape();
    if n <= k || k == 0 {
        return Err(FitError::TooFewRows { rows: n, needed: k + 2, coefficients: k });
    }
    let qr = x.clone().qr();
    let (mut q, mut r) = (qr.q(), qr.r());
    for j in 0..k {
        let size = x.column(j).norm();
        if r[(j, j)].abs() <= COLLINEAR * size || size == 0.0 {
            return Err(FitError::Collinear { term: name(j), rows: n });
        }
        if r[(j, j)] < 0.0 {
            r.row_mut(j).neg_mut();
            q.column_mut(j).neg_mut();
        }
    }
    let collinear = || FitError::Collinear { term: name(k - 1), rows: n };
    let root = r.solve_upper_triangular(&DMatrix::identity(k, k)).ok_or_else(collinear)?;
    let coefficients = r.solve_upper_triangular(&q.tr_mul(y)).ok_or_else(collinear)?;
    let fitted = x * &coefficients;
    let residuals = y - &fitted;
    let sd = (residuals.norm_squared() / (n - k) as f64).sqrt();
    Ok(Regression {
        coefficients: coefficients.iter().copied().collect(),
        root,
        fitted: fitted.iter().copied().collect(),
        residuals: residuals.iter().copied().collect(),
        leverage: q.row_iter().map(|row| row.norm_squared()).collect(),
        sd,
    })
}

impl Regression {
    /// (XᵀX)⁻¹.
    pub fn xtx_inverse(&self) -> DMatrix<f64> {
        &self.root * self.root.transpose()
    }

    /// Standard errors of the coefficients, residuals of one variance assumed.
    pub fn se(&self) -> Vec<f64> {
        self.root.row_iter().map(|row| self.sd * row.norm()).collect()
    }

    /// Heteroscedasticity-robust standard errors (HC3); `None` where a row decides a coefficient alone.
    pub fn se_hc3(&self, x: &DMatrix<f64>) -> Option<Vec<f64>> {
        let inflated = self.left_out_residuals()?;
        let k = self.coefficients.len();
        let mut meat = DMatrix::zeros(k, k);
        for (row, e) in x.row_iter().zip(&inflated) {
            meat += row.transpose() * row * (e * e);
        }
        let bread = self.xtx_inverse();
        Some((&bread * meat * &bread).diagonal().iter().map(|v| v.sqrt()).collect())
    }

    /// eᵢ / (1 − hᵢ): the error for each row of the fit on all others. `None` where a row decides a coefficient alone.
    pub fn left_out_residuals(&self) -> Option<Vec<f64>> {
        let each = self.residuals.iter().zip(&self.leverage);
        each.map(|(e, h)| (*h < FULL_LEVERAGE).then(|| e / (1.0 - h))).collect()
    }

    /// The variance of the fitted value at `row` over s²: xᵀ(XᵀX)⁻¹x.
    pub fn leverage_of(&self, row: &[f64]) -> f64 {
        let weight = |j: usize| row.iter().zip(self.root.column(j).iter()).map(|(x, r)| x * r).sum::<f64>();
        (0..row.len()).map(|j| weight(j) * weight(j)).sum()
    }

    /// The fitted value at a row of the design: xᵀb.
    pub fn predicted(&self, row: &[f64]) -> f64 {
        row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Anscombe's first quartet (1973, doi:10.1080/00031305.1973.10478966): y = 3.00 + 0.500·x, R² 0.667, standard
    /// error of the slope 0.118, as the paper prints them.
    fn anscombe() -> (DMatrix<f64>, DVector<f64>) {
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        (DMatrix::from_fn(11, 2, |i, j| if j == 0 { 1.0 } else { x[i] }), DVector::from_row_slice(&y))
    }

    fn fitted(x: &DMatrix<f64>, y: &DVector<f64>) -> Regression {
        ols(x, y, |j| j.to_string()).unwrap()
    }

    #[test]
    fn a_published_case() {
        let (x, y) = anscombe();
        let fit = fitted(&x, &y);
        let near = |a: f64, b: f64| (a - b).abs() < 0.0005;
        assert!(near(fit.coefficients[0], 3.000) && near(fit.coefficients[1], 0.500), "{:?}", fit.coefficients);
        assert!(near(fit.se()[1], 0.118) && !near(fit.se()[0], 0.118));
        // Residual sum of squares 13.75 (9 degrees of freedom).
        assert!((9.0 * fit.sd * fit.sd - 13.75).abs() < 0.02);
        assert!((fit.leverage.iter().sum::<f64>() - 2.0).abs() < 1e-12);
        for (i, h) in fit.leverage.iter().enumerate() {
            assert!((fit.leverage_of(&[1.0, x[(i, 1)]]) - h).abs() < 1e-12);
        }
    }

    #[test]
    fn residuals_left_out_are_those_of_refits() {
        let (x, y) = anscombe();
        let quick = fitted(&x, &y).left_out_residuals().unwrap();
        for i in 0..11 {
            let without = fitted(&x.clone().remove_row(i), &y.clone().remove_row(i));
            let error = y[i] - without.predicted(&[1.0, x[(i, 1)]]);
            assert!((quick[i] - error).abs() < 1e-10 && (fitted(&x, &y).residuals[i] - error).abs() > 1e-6);
        }
    }

    #[test]
    fn a_column_of_others_is_refused() {
        let (x, y) = anscombe();
        let twice = x.clone().insert_column(2, 0.0);
        let twice = DMatrix::from_fn(11, 3, |i, j| if j == 2 { 2.0 * x[(i, 1)] - 1.0 } else { twice[(i, j)] });
        assert_eq!(ols(&twice, &y, |j| j.to_string()), Err(FitError::Collinear { term: "2".into(), rows: 11 }));
        let zero = x.insert_column(2, 0.0);
        assert!(matches!(ols(&zero, &y, |j| j.to_string()), Err(FitError::Collinear { .. })));
    }

    /// A row that alone has a column has full leverage: nothing is left to say how far it is off.
    #[test]
    fn full_leverage_has_no_left_out_residual() {
        let (x, y) = anscombe();
        let mut alone = x.insert_column(2, 0.0);
        alone[(3, 2)] = 1.0;
        let fit = fitted(&alone, &y);
        assert!((fit.leverage[3] - 1.0).abs() < 1e-12);
        assert_eq!((fit.left_out_residuals(), fit.se_hc3(&alone)), (None, None));
    }
}
