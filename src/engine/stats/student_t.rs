//! Student's t distribution.

use super::normal::Level;
use super::special::Beta;

/// The t with P(|T| ≤ t) = `level`, level in (0, 1). ν/(ν + T²) follows a beta distribution of shapes ν/2 and ½
/// (DLMF 8.17(ii) has the incomplete beta function; N. L. Johnson and S. Kotz, Continuous Univariate Distributions 2,
/// section 28.2).
pub fn student_t(level: f64, degrees_of_freedom: f64) -> f64 {
    let logit = Beta::new(0.5 * degrees_of_freedom, 0.5).logit_quantile(Level::below(1.0 - level));
    (degrees_of_freedom * libm::exp(-logit)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_quantiles() {
        // SciPy 1.17: stats.t.ppf([0.975, 0.9995], 31), stats.t.ppf(0.95, 3)
        for (level, nu, want) in
            [(0.95, 31.0, 2.039_513_446_4), (0.999, 31.0, 3.633_456_349_8), (0.9, 3.0, 2.353_363_434_8)]
        {
            let got = student_t(level, nu);
            assert!((got / want - 1.0).abs() < 1e-9, "{got} {want}");
        }
        assert!((student_t(0.95, 31.0) / 1.959_964 - 1.0).abs() > 0.03, "not the normal's");
    }
}
