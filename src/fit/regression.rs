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
    pub coefficients: Vec<f64>,
    /// R⁻¹, upper triangular: s·R⁻¹·z with z standard normal has the coefficients' covariance.
    pub root: DMatrix<f64>,
    pub fitted: Vec<f64>,
    pub residuals: Vec<f64>,
    pub leverage: Vec<f64>,
    /// Residual standard deviation s, of n − k degrees of freedom.
    pub sd: f64,
}

/// A column whose part that the earlier ones do not explain is below this share of it.
const COLLINEAR: f64 = 1e-9;
/// A row with this much leverage decides a coefficient alone.
const FULL_LEVERAGE: f64 = 1.0 - 1e-9;

/// Fits `y` on the columns of `x`, which has more rows than columns; `name` of a column is for messages.
///
/// # Errors
/// A column that is a combination of those before it.
pub fn ols(x: &DMatrix<f64>, y: &DVector<f64>, name: impl Fn(usize) -> String) -> Result<Regression, FitError> {
    let (n, k) = x.shape();
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

    pub fn predicted(&self, row: &[f64]) -> f64 {
        row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum()
    }
}
