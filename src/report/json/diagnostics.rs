//! How far the result can be trusted: the draws compared with the closed form, limits that were reached, warnings.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assess::Assessment;
use crate::engine::stats::tail;
use crate::posterior::{Discretisation, Posterior, Saturated, SdCheck};

#[derive(Serialize)]
pub(super) struct Diagnostics<'a> {
    oracle: OracleText,
    discretisation: &'a Discretisation,
    saturated: &'a Saturated,
    /// Shape of the upper tail of the total emissions.
    pareto_k: Option<f64>,
    draws_without_compute: u64,
    /// How often each rule raised a warning. Their places are shown on the terminal only: they are paths.
    warnings: BTreeMap<&'a str, usize>,
}

#[derive(Serialize)]
struct OracleText {
    mean_t: f64,
    sd_t: Option<f64>,
    kurtosis: Option<f64>,
    independent_mean_t: f64,
    independent_sd_t: Option<f64>,
    z_mean: Option<f64>,
    z_sd: Option<f64>,
    z_independent_mean: Option<f64>,
    note: Option<&'static str>,
}

impl<'a> Diagnostics<'a> {
    pub(super) fn new(p: &'a Posterior, assessment: &'a Assessment) -> Diagnostics<'a> {
        let (z_sd, note) = match p.check.z_sd {
            SdCheck::Z(z) => (Some(z), None),
            SdCheck::NotEstimable => (None, Some(SdCheck::NOT_ESTIMABLE)),
            SdCheck::Undefined => (None, None),
        };
        let mut warnings = BTreeMap::new();
        for warning in assessment.warnings.iter().filter(|w| !w.is_note()) {
            *warnings.entry(warning.rule).or_insert(0) += 1;
        }
        if tail::is_heavy(p.pareto_k) {
            warnings.insert(tail::RULE, 1);
        }
        Diagnostics {
            oracle: OracleText {
                mean_t: p.oracle.mean_t,
                sd_t: p.oracle.sd_t,
                kurtosis: p.oracle.kurtosis,
                independent_mean_t: p.oracle.independent_mean_t,
                independent_sd_t: p.oracle.independent_sd_t,
                z_mean: p.check.z_mean,
                z_sd,
                z_independent_mean: p.check.z_independent_mean,
                note,
            },
            discretisation: &p.discretisation,
            saturated: &p.saturated,
            pareto_k: p.pareto_k,
            draws_without_compute: p.draws_without_compute,
            warnings,
        }
    }
}
