//! Published runs whose emissions and compute are both known: reference values of carbon per compute.
//!
//! Each is the quotient of two published figures and keeps the scope of its source. Most count the thermal design power of
//! the accelerators alone, some a metered system, some the net of purchased carbon-free energy. They are there to be
//! compared with, not to be met.

use serde::Serialize;

use super::runs_file::{EnergyBasis, Run};
use super::{Quantity, shipped};

const EFLOP: f64 = 1e18;
const KG_PER_T: f64 = 1000.0;

/// One published run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Anchor {
    /// Name of the model.
    pub name: String,
    /// Where it was published.
    pub source: String,
    /// Year of the run; `None` where no date is stated.
    pub year: Option<String>,
    /// Compute, in EFLOP.
    pub compute_eflop: f64,
    /// The FLOP are published; else they are 6 · parameters · tokens.
    pub compute_published: bool,
    /// Emissions as published, in t.
    pub emissions_t: f64,
    /// Emissions over compute, in kgCO2e/EFLOP.
    pub kg_per_eflop: f64,
    /// How the energy behind the emissions came about.
    pub basis: &'static str,
}

/// The independent final runs of the shipped table with both figures, smallest value first.
pub fn anchors() -> Vec<Anchor> {
    let mut found: Vec<Anchor> = shipped::runs().iter().filter_map(anchor).collect();
    found.sort_by(|a, b| a.kg_per_eflop.total_cmp(&b.kg_per_eflop).then(a.name.cmp(&b.name)));
    found
}

fn anchor(run: &Run) -> Option<Anchor> {
    if !run.independent || !run.final_run || run.distilled {
        return None;
    }
    let positive = |x: &f64| *x > 0.0 && x.is_finite();
    let compute = run.compute().filter(positive)?;
    let emissions_t = run.published(Quantity::Emissions).filter(positive)?;
    Some(Anchor {
        name: run.name.clone(),
        source: run.source.clone(),
        year: run.date.get(..4).map(String::from),
        compute_eflop: compute / EFLOP,
        compute_published: run.training_flop.is_some(),
        emissions_t,
        kg_per_eflop: emissions_t * KG_PER_T / (compute / EFLOP),
        basis: match run.basis {
            EnergyBasis::HoursTimesPower => "hours × TDP",
            EnergyBasis::Calculator => "calculator",
            EnergyBasis::GpuOnly => "accelerators measured",
            EnergyBasis::System => "system measured",
            EnergyBasis::NotStated => "not stated",
        },
    })
}

/// The middle of the values: half of the anchors lie below it.
pub fn median(anchors: &[Anchor]) -> Option<f64> {
    let (lower, upper) = (anchors.len().checked_sub(1)? / 2, anchors.len() / 2);
    Some(0.5 * (anchors.get(lower)?.kg_per_eflop + anchors.get(upper)?.kg_per_eflop))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the model cards: GPT-3 552.1 t / 3.14e23 FLOP (Patterson et al. 2021, table 4) and LLaMA-7B 14 t /
    /// (6 · 6.7e9 · 1e12 FLOP) (Touvron et al. 2023, table 15).
    #[test]
    fn published_quotients() {
        let anchors = anchors();
        let of = |name: &str| anchors.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("no {name}"));
        let gpt3 = of("GPT-3 175B");
        assert!((gpt3.kg_per_eflop - 552.1e3 / 3.14e5).abs() < 1e-9, "{gpt3:?}");
        assert!(gpt3.compute_published && gpt3.basis == "system measured");
        let llama = of("LLaMA-7B");
        assert!((llama.kg_per_eflop / (14e3 / 40_200.0) - 1.0).abs() < 1e-12, "{llama:?}");
        assert!((llama.kg_per_eflop / (14e3 / 40_201.0) - 1.0).abs() > 1e-12);
        assert!(!llama.compute_published);
        // Restatements and family totals are left out.
        assert!(!anchors.iter().any(|a| a.name.contains("restated") || a.name.contains("total")));
        assert!(anchors.windows(2).all(|w| w[0].kg_per_eflop <= w[1].kg_per_eflop));
        let middle = median(&anchors).unwrap_or(0.0);
        let below = anchors.iter().filter(|a| a.kg_per_eflop < middle).count();
        assert!(below == anchors.len() / 2, "{below} of {}", anchors.len());
        assert_eq!(median(&[]), None);
    }
}
