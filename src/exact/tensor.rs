//! Series in several normals, one axis each: what a sum of products is of the normals of its bounded and rank factors.

use std::borrow::Cow;

use super::hermite::{NEGLIGIBLE, Series};

/// Coefficients, the last axis fastest. Without axes it is a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    dims: Vec<usize>,
    data: Vec<f64>,
}

/// Powers of a correlation below this end a sum.
const VANISHED: f64 = 1e-20;

impl Tensor {
    /// `factor` times the product of the series.
    pub fn product(factor: f64, series: &[Series]) -> Tensor {
        let mut data = vec![factor];
        for axis in series {
            data = data.iter().flat_map(|x| axis.0.iter().map(move |a| x * a)).collect();
        }
        Tensor { dims: series.iter().map(|axis| axis.0.len()).collect(), data }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.data.first().copied().unwrap_or(0.0)
    }

    /// Adds a series in the same normals.
    pub fn add(&mut self, other: &Tensor) {
        let dims: Vec<usize> = self.dims.iter().zip(&other.dims).map(|(a, b)| *a.max(b)).collect();
        if dims != self.dims {
            let mut grown = Tensor { data: vec![0.0; dims.iter().product()], dims };
            grown.add(self);
            *self = grown;
        }
        for (k, x) in other.data.iter().enumerate() {
            let (mut rest, mut place, mut stride) = (k, 0, 1);
            for (mine, theirs) in self.dims.iter().zip(&other.dims).rev() {
                place += rest % theirs * stride;
                rest /= theirs;
                stride *= mine;
            }
            self.data[place] += x;
        }
    }

    /// The mean of the function given normals that the axes' have these correlations with; an axis of 0 is gone.
    pub fn given(&self, correlations: &[f64]) -> Tensor {
        let mut given = Tensor { dims: vec![], data: self.data.clone() };
        // From the last axis, which is the fastest: `inner` numbers that are left of the axes after it.
        let mut inner = 1;
        for (length, r) in self.dims.iter().zip(correlations).rev() {
            if *r == 0.0 {
                given.data = given.data.chunks(length * inner).flat_map(|line| &line[..inner]).copied().collect();
                continue;
            }
            for line in given.data.chunks_mut(length * inner) {
                let mut power = 1.0;
                for order in line.chunks_mut(inner) {
                    order.iter_mut().for_each(|a| *a *= power);
                    power *= r;
                }
            }
            given.dims.insert(0, *length);
            inner *= length;
        }
        (0..given.dims.len()).for_each(|axis| given.trim(axis));
        given
    }

    /// Drops the last orders of an axis, as far as their squares are negligible.
    fn trim(&mut self, axis: usize) {
        let (length, inner) = (self.dims[axis], self.dims[axis + 1..].iter().product::<usize>());
        let mut squares = vec![0.0; length];
        for (i, x) in self.data.iter().enumerate() {
            squares[i / inner % length] += x * x;
        }
        let negligible = NEGLIGIBLE * self.mean() * self.mean();
        let (mut kept, mut rest) = (length, 0.0);
        while kept > 1 {
            rest += squares[kept - 1];
            if rest > negligible {
                break;
            }
            kept -= 1;
        }
        if kept < length {
            self.data = self.data.chunks(length * inner).flat_map(|line| &line[..kept * inner]).copied().collect();
            self.dims[axis] = kept;
        }
    }

    /// The function with each normal shifted by so much.
    pub fn shifted(&self, shifts: &[f64]) -> Cow<'_, Tensor> {
        if shifts.iter().all(|delta| *delta == 0.0) {
            return Cow::Borrowed(self);
        }
        let mut shifted = self.clone();
        let mut inner = 1;
        for (length, delta) in self.dims.iter().zip(shifts).rev() {
            for start in (0..shifted.data.len()).filter(|k| k / inner % length == 0) {
                let line = Series((0..*length).map(|k| shifted.data[start + k * inner]).collect());
                for (k, a) in line.shifted(*delta).0.iter().enumerate() {
                    shifted.data[start + k * inner] = *a;
                }
            }
            inner *= length;
        }
        Cow::Owned(shifted)
    }

    /// The mean of the product with another, less the product of the means. `meeting` are pairs of axes, in the order
    /// of both, with the correlation of their normals; all other axes are independent.
    pub fn covariance(&self, other: &Tensor, meeting: &[(usize, usize, f64)]) -> f64 {
        let axis = |&(a, b, rho): &(usize, usize, f64)| Meeting {
            orders: self.dims[a].min(other.dims[b]),
            strides: [self.dims[a + 1..].iter().product(), other.dims[b + 1..].iter().product()],
            rho,
        };
        let axes: Vec<Meeting> = meeting.iter().map(axis).filter(|m| m.rho != 0.0).collect();
        sum(&self.data, &other.data, &axes, 1.0, true)
    }
}

struct Meeting {
    orders: usize,
    strides: [usize; 2],
    rho: f64,
}

fn sum(a: &[f64], b: &[f64], axes: &[Meeting], weight: f64, is_first: bool) -> f64 {
    let Some((axis, others)) = axes.split_first() else {
        return if is_first { 0.0 } else { weight * a[0] * b[0] };
    };
    let (mut total, mut power) = (0.0, weight);
    for k in 0..axis.orders {
        if power.abs() < VANISHED {
            break;
        }
        let [i, j] = axis.strides.map(|stride| k * stride);
        total += sum(&a[i..], &b[j..], others, power, is_first && k == 0);
        power *= axis.rho;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_given_normals_are_those_of_the_series() {
        let (f, g) = (Series(vec![1.0, 0.5, 0.25]), Series(vec![1.0, -0.3]));
        let both = Tensor::product(2.0, &[f.clone(), g.clone()]);
        let close =
            |a: &Tensor, b: &Tensor| a.dims == b.dims && a.data.iter().zip(&b.data).all(|(x, y)| (x - y).abs() < 1e-15);
        assert!(close(&both.given(&[0.5, 0.25]), &Tensor::product(2.0, &[f.given(0.5), g.given(0.25)])));
        assert!(close(&both.given(&[0.0, 0.25]), &Tensor::product(2.0, &[g.given(0.25)])));
        assert!(close(&both.given(&[0.5, 0.0]), &Tensor::product(2.0, &[f.given(0.5)])));
        assert!(close(&both.given(&[0.0, 0.0]), &Tensor::product(2.0, &[])));
        assert!(!close(&both.given(&[0.5, 0.0]), &Tensor::product(2.0, &[f.given(0.6)])), "negative control");
    }

    #[test]
    fn sums_and_shifts_are_those_of_the_functions() {
        let (f, g, h) = (Series(vec![1.0, 0.5, 0.25]), Series(vec![1.0, -0.3]), Series(vec![1.0, 0.2, 0.1, 0.05]));
        let mut both = Tensor::product(2.0, &[f.clone(), g.clone()]);
        both.add(&Tensor::product(3.0, &[h.clone(), g.clone()]));
        let shifts = [0.4, -0.7];
        let one = Tensor::product(1.0, &[g.clone(), h.clone()]);
        for rho in [0.3, 1.0] {
            // Axis 0 meets axis 1 of the other; axis 1 meets nothing.
            let got = both.shifted(&shifts).covariance(&one, &[(0, 1, rho)]);
            let with = |x: &Series| x.shifted(0.4).with(&h, rho) - x.shifted(0.4).mean();
            let want = (2.0 * with(&f) + 3.0 * with(&h)) * g.shifted(-0.7).mean();
            assert!((got - want).abs() < 1e-14, "{got} {want}");
            assert!((both.covariance(&one, &[(0, 1, rho)]) - want).abs() > 1e-3, "negative control");
        }
        assert_eq!(Tensor::product(2.0, &[]).covariance(&Tensor::product(3.0, &[]), &[]), 0.0);
        let crossed = both.covariance(&both, &[(0, 0, 0.5), (1, 1, -0.5)]);
        let with = |x: &Series, y: &Series| x.with(y, 0.5) * g.with(&g, -0.5) - 1.0;
        assert!((crossed - (4.0 * with(&f, &f) + 12.0 * with(&f, &h) + 9.0 * with(&h, &h))).abs() < 1e-14);
    }
}
