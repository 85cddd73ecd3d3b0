//! How far the page can be trusted: draws compared with the closed form, errors, the tail, limits, warnings.

use std::fmt::Write;

use crate::engine::stats::tail;
use crate::posterior::{Posterior, SdCheck};
use crate::report::digits::{self, Quantity};
use crate::report::estimate;
use crate::report::page::Page;

impl Page {
    pub(super) fn trust(&mut self, p: &Posterior) {
        self.section("Checks", "");
        let unit = estimate::unit(Quantity::Emissions, &p.total.emissions_t);
        let exact = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| unit.exact(x));
        let z = |z: f64| format!("z = {}", signed(z));
        if let Some(mean) = exact(Some(p.oracle.mean_t)) {
            let mut line = format!("  Exact mean {mean} {}", unit.name);
            if let Some(score) = p.check.z_mean {
                let _ = write!(line, " ({})", z(score));
            }
            match exact(p.oracle.sd_t) {
                Some(sd) => {
                    let _ = write!(line, ", sd {sd} {}", unit.name);
                }
                None => line.push_str(", sd infinite or unknown"),
            }
            match p.check.z_sd {
                SdCheck::Z(score) => {
                    let _ = write!(line, " ({})", z(score));
                }
                SdCheck::NotEstimable => {
                    let _ = write!(line, " ({})", SdCheck::NOT_ESTIMABLE);
                }
                SdCheck::Undefined => {}
            }
            self.line(&line);
        }
        if let Some(score) = p.check.z_independent_mean {
            self.line(&format!("  Mean with correlation ignored against its exact value: {}", z(score)));
        }
        let relative = |x: f64| if x == 0.0 { "0".to_string() } else { digits::scientific(x) };
        let d = &p.discretisation;
        if let (Some(bound), Some(mcse)) = (d.bound, d.relative_mcse) {
            let (bound, mcse) = (relative(bound), relative(mcse));
            let line = format!("  Relative error of the mean: sampling {mcse}, integer arithmetic below {bound}");
            self.line(&line);
        }
        if let Some(k) = p.pareto_k.filter(|k| *k > tail::LARGEST_K) {
            let line = format!(
                "  Pareto k of the upper tail {k:.2}, above {}: the sampled mean and sd converge too slowly to be trusted",
                tail::LARGEST_K
            );
            self.alarm(&line);
        }
        if p.draws_without_compute > 0 {
            self.line(&format!(
                "  {} draws in which compute is zero have no ATCI",
                digits::count(p.draws_without_compute)
            ));
        }
        if p.saturated.any() {
            let s = &p.saturated;
            let totals = s.compute + s.it_energy + s.energy + s.emissions + s.independent;
            let line = format!(
                "  SATURATED: draws held at a ceiling: totals {}, ATCI {}, single models {}, groups {}",
                digits::count(totals),
                digits::count(s.atci),
                digits::count(s.models),
                digits::count(s.groups)
            );
            self.alarm(&line);
        }
        let warnings = match p.warnings {
            0 => "  No warnings about the input".into(),
            1 => "  1 warning about the input: `haze check` shows it".into(),
            n => format!("  {} warnings about the input: `haze check` shows them", digits::count(n as u64)),
        };
        self.line(&warnings);
    }
}

fn signed(z: f64) -> String {
    match digits::fixed(z, 1) {
        text if text == "0.0" || text.starts_with('−') => text,
        text => format!("+{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::signed;

    #[test]
    fn scores_with_their_sign() {
        assert_eq!((signed(-1.26), signed(0.04), signed(2.0)), ("−1.3".into(), "0.0".into(), "+2.0".into()));
    }
}
