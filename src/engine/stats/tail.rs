//! How heavy an output's upper tail is: the shape k of a generalised Pareto distribution fitted to the largest draws.
//!
//! Moments above 1/k do not exist. An estimate of k above 0.7 says that means settle too slowly for their standard
//! errors to be trusted at this number of draws (A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, J. Mach. Learn.
//! Res. 25 (2024) 72, arXiv:1507.02646, who also give the number of draws in the tail, min(N/5, 3√N), and the weak
//! prior at k = ½ worth ten draws). The fit is that of J. Zhang and M. A. Stephens, Technometrics 51 (2009) 316–325,
//! doi:10.1198/tech.2009.08017: the mean of the profile over evenly spaced points instead of its maximum.

/// Above this, a mean is not to be trusted.
pub const LARGEST_K: f64 = 0.7;
/// The name of the warning.
pub const RULE: &str = "heavy-tail";
/// Draws beyond the threshold at least.
const LEAST_TAIL: usize = 5;
/// Weight, in draws, of the prior at k = ½.
const PRIOR_DRAWS: f64 = 10.0;
/// The prior of those points, of Zhang and Stephens.
const PRIOR_POINTS: f64 = 3.0;

/// Whether a k̂ is to be warned of.
pub fn is_heavy(k: Option<f64>) -> bool {
    k.is_some_and(|k| k > LARGEST_K)
}

/// What to say of an output with a heavy tail.
pub fn warning(output: &str, k: f64) -> String {
    format!(
        "{output}: the Pareto k of the upper tail is {k:.2}, above {LARGEST_K}: the mean, the sd and the indices of the \
         variance converge too slowly for their standard errors to be trusted; quantiles are not affected [{RULE}]"
    )
}

/// k̂ of the upper tail of these draws, in any order; `None` where fewer than 25 draws, an undefined one or too few
/// distinct values leave no tail to fit.
pub fn pareto_k(draws: impl Iterator<Item = f64>, count: usize) -> Option<f64> {
    let n = count as f64;
    let tail = libm::ceil((n / 5.0).min(3.0 * n.sqrt())) as usize;
    if tail < LEAST_TAIL {
        return None;
    }
    let mut largest = largest(draws, tail + 1)?;
    largest.sort_unstable_by(f64::total_cmp);
    let (threshold, rest) = largest.split_first()?;
    let above: Vec<f64> = rest.iter().map(|x| x - threshold).filter(|x| *x > 0.0).collect();
    (above.len() >= LEAST_TAIL).then(|| shape(&above)).filter(|k| k.is_finite())
}

/// Kurtosis of these draws; `None` unless k̂ is below ¼, where fourth moments exist.
pub fn kurtosis(draws: impl ExactSizeIterator<Item = f64> + Clone) -> Option<f64> {
    let n = draws.len() as f64;
    pareto_k(draws.clone(), draws.len()).filter(|k| *k < 0.25)?;
    let mean = draws.clone().fold(0.0, |sum, x| sum + x) / n;
    let (second, fourth) = draws.fold((0.0, 0.0), |(second, fourth), x| {
        let square = (x - mean) * (x - mean);
        (second + square, fourth + square * square)
    });
    Some(n * fourth / (second * second)).filter(|k| k.is_finite())
}

/// The `keep` largest, in any order, in memory for twice as many.
fn largest(draws: impl Iterator<Item = f64>, keep: usize) -> Option<Vec<f64>> {
    let mut held: Vec<f64> = Vec::with_capacity(2 * keep);
    let mut floor = f64::NEG_INFINITY;
    for x in draws {
        if !x.is_finite() {
            return None;
        }
        if x < floor {
            continue;
        }
        held.push(x);
        if held.len() == 2 * keep {
            held.select_nth_unstable_by(keep - 1, |a, b| b.total_cmp(a));
            floor = held[keep - 1];
            held.truncate(keep);
        }
    }
    if held.len() < keep {
        return None;
    }
    held.select_nth_unstable_by(keep - 1, |a, b| b.total_cmp(a));
    held.truncate(keep);
    Some(held)
}

/// Shape of the generalised Pareto distribution of these exceedances, above 0 and in rising order, after the weak
/// prior.
fn shape(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().fold(0.0, |sum, x| sum + x) / n;
    let mean_log = |b: f64| x.iter().fold(0.0, |sum, x| sum + libm::log1p(-b * x)) / n;
    let points = 30 + libm::floor(n.sqrt()) as usize;
    let quartile = x[(libm::floor(n / 4.0 + 0.5) as usize).clamp(1, x.len()) - 1];
    let greatest = x[x.len() - 1];
    let at = |i: usize| {
        let step = 1.0 - (points as f64 / (i as f64 + 0.5)).sqrt();
        step / (PRIOR_POINTS * quartile) + 1.0 / greatest
    };
    let tried: Vec<f64> = (0..points).map(at).collect();
    let profile: Vec<f64> = tried
        .iter()
        .map(|&b| {
            let k = mean_log(b);
            // −k/b goes to the mean where both go to 0: the exponential distribution.
            let scale = if k == 0.0 { mean } else { -(k / b) };
            n * (-libm::log(scale) - k - 1.0)
        })
        .collect();
    let weight = |i: usize| 1.0 / profile.iter().fold(0.0, |sum, p| sum + libm::exp(p - profile[i]));
    let weights: Vec<f64> = (0..points).map(weight).map(|w| if w >= 10.0 * f64::EPSILON { w } else { 0.0 }).collect();
    let all = weights.iter().fold(0.0, |sum, w| sum + w);
    let b = tried.iter().zip(&weights).fold(0.0, |sum, (b, w)| sum + b * w) / all;
    (n * mean_log(b) + PRIOR_DRAWS * 0.5) / (n + PRIOR_DRAWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kurtosis_only_of_a_light_tail() {
        // Quantiles at evenly spaced probabilities, in an order that is not theirs.
        let n = 100_000;
        let levels = move || (0..n).map(move |i| (f64::from(i * 7 % n) + 0.5) / f64::from(n));
        let uniform: Vec<f64> = levels().collect();
        // Of a uniform distribution it is 9/5.
        assert!((kurtosis(uniform.iter().copied()).unwrap() - 1.8).abs() < 1e-3);
        // Of an exponential one 9.
        let exponential: Vec<f64> = levels().map(|p| -libm::log(1.0 - p)).collect();
        assert!((kurtosis(exponential.iter().copied()).unwrap() - 9.0).abs() < 0.1);
        // Negative control: of a Pareto distribution with k = ½ there is none.
        let pareto: Vec<f64> = levels().map(|p| 1.0 / (1.0 - p).sqrt()).collect();
        assert_eq!(kurtosis(pareto.iter().copied()), None);
    }
}
