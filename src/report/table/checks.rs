//! How far the page can be trusted: draws compared with the closed form, errors, the tail, limits, warnings.

use std::fmt::Write;

use crate::assess::Assessment;
use crate::engine::stats::tail;
use crate::portfolio::problem::{by_rule, visible};
use crate::portfolio::rules::IMPORTANT;
use crate::posterior::{Posterior, SdCheck};
use crate::report::estimate;
use crate::report::numbers::{self, Quantity};
use crate::report::page::Page;

impl Page {
    pub(super) fn trust(&mut self, p: &Posterior, assessment: &Assessment) {
        self.section("Checks", "");
        let unit = estimate::unit(Quantity::Emissions, &p.total.emissions_t);
        let exact = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| unit.exact(x));
        let z = |z: f64| format!("z = {}", numbers::signed(z, 1));
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
        let relative = |x: f64| if x == 0.0 { "0".to_string() } else { numbers::scientific(x) };
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
                numbers::count(p.draws_without_compute)
            ));
        }
        if p.saturated.any() {
            let s = &p.saturated;
            let totals = s.compute + s.it_energy + s.energy + s.emissions + s.independent;
            let line = format!(
                "  SATURATED: draws held at a ceiling: totals {}, ATCI {}, single models {}, groups {}",
                numbers::count(totals),
                numbers::count(s.atci),
                numbers::count(s.models),
                numbers::count(s.groups)
            );
            self.alarm(&line);
        }
        let warnings = match p.warnings {
            0 => "  No warnings about the input".into(),
            1 => "  1 warning about the input: `haze check` shows it".into(),
            n => format!("  {} warnings about the input: `haze check` shows them", numbers::count(n as u64)),
        };
        self.line(&warnings);
        let important = by_rule(&assessment.warnings).into_iter().filter(|(w, _)| IMPORTANT.contains(&w.rule));
        for (warning, others) in important {
            let more = if others > 0 { format!(", and {} more", numbers::count(others as u64)) } else { String::new() };
            self.alarm(&format!("  Look again [{}{more}]: {}", warning.rule, warning.place));
            self.paragraph(&visible(&warning.message));
        }
    }
}
