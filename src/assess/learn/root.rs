//! The square root of a covariance that is known by its inverse.
//!
//! A precision P = I + (a sum of squares) of standard normals that observations inform is written as P = U Uᵀ with U upper
//! triangular, from the last row up. Then L = U⁻ᵀ is lower triangular with L Lᵀ = P⁻¹, the Cholesky factor of the
//! covariance. Every pivot is at least 1, because P − I has no negative direction; rounding is held to that.

/// L, by rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    n: usize,
    lower: Vec<f64>,
}

impl Root {
    /// `precision` has `n` rows of `n`, symmetric, the identity plus a sum of squares.
    pub fn of(n: usize, precision: &[f64]) -> Root {
        let mut upper = precision.to_vec();
        for j in (0..n).rev() {
            for i in (0..=j).rev() {
                let rest: f64 = (j + 1..n).map(|k| upper[i * n + k] * upper[j * n + k]).sum();
                let left = upper[i * n + j] - rest;
                upper[i * n + j] = if i == j { left.max(1.0).sqrt() } else { left / upper[j * n + j] };
            }
        }
        let mut lower = vec![0.0; n * n];
        for j in 0..n {
            lower[j * n + j] = 1.0 / upper[j * n + j];
            for i in (0..j).rev() {
                let rest: f64 = (i + 1..=j).map(|k| upper[i * n + k] * lower[j * n + k]).sum();
                lower[j * n + i] = -rest / upper[i * n + i];
            }
        }
        Root { n, lower }
    }

    /// A row of L up to its diagonal.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * self.n..=i * self.n + i]
    }

    /// P⁻¹ b.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        // Lᵀ b, then L times that.
        let half: Vec<f64> = (0..self.n).map(|j| (j..self.n).map(|i| self.row(i)[j] * b[i]).sum()).collect();
        (0..self.n).map(|i| self.row(i).iter().zip(&half).map(|(l, h)| l * h).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NumPy: P = I + A'A with A = [[1, 2, 0], [0, 1, -1]]; np.linalg.cholesky(np.linalg.inv(P)) and
    /// np.linalg.solve(P, [1, 2, 3]).
    #[test]
    fn the_factor_of_the_inverse() {
        let p = [2.0, 2.0, 0.0, 2.0, 6.0, -1.0, 0.0, -1.0, 2.0];
        let root = Root::of(3, &p);
        for (i, want) in L.iter().enumerate() {
            for (got, want) in root.row(i).iter().zip(want) {
                assert!((got - want).abs() < 1e-12, "{i}: {got} {want}");
            }
        }
        for (got, want) in root.solve(&[1.0, 2.0, 3.0]).iter().zip(X) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        // Negative control: another matrix has another root.
        assert!((Root::of(3, &[2.0, 2.0, 0.0, 2.0, 6.0, -1.5, 0.0, -1.5, 2.0]).row(1)[1] - L[1][1]).abs() > 1e-3);
    }

    const L: [[f64; 3]; 3] = [
        [0.8864052604279183, 0.0, 0.0],
        [-0.3223291856101521, 0.4264014327112209, 0.0],
        [-0.16116459280507606, 0.21320071635561044, std::f64::consts::FRAC_1_SQRT_2],
    ];
    const X: [f64; 3] = [-0.2142857142857143, 0.7142857142857143, 1.8571428571428572];
}
