//! What is said of the study and of its rows before anything is drawn: scopes that are not computed, figures that look
//! wrong in the light of priors and tables.

use std::path::PathBuf;
use std::sync::Arc;

use super::priors::Priors;
use super::{efficiency, factor};
use crate::portfolio::{Confidence, Model, Place, Problem, Study, Warning};

/// Scopes that are known and not computed.
pub(super) fn unsupported(study: &Study) -> Vec<Problem> {
    if !study.scope.embodied {
        return Vec::new();
    }
    let message =
        "the total never includes embodied emissions; write embodied = false here and embodied = true under [outputs]";
    vec![Problem { place: of_scope(study, "embodied"), value: "true".to_string(), message: message.to_string() }]
}

/// A key of `[scope]`.
pub(super) fn of_scope(study: &Study, key: &str) -> Place {
    Place {
        file: Arc::new(study.path.clone().unwrap_or_else(|| PathBuf::from("study"))),
        line: 0,
        column: format!("scope.{key}"),
    }
}

/// Less than this times the TDP is no accelerator's power in a training run: the least published is 0.63 (a V100 in
/// Strubell et al. 2019, TPUs v3 in Patterson et al. 2021).
const LEAST_LOAD: f64 = 0.6;

/// What is suspicious in a row in the light of priors and tables.
pub(super) fn warnings_of(priors: &Priors, model: &Model) -> Vec<Warning> {
    let mut found = Vec::new();
    if model.compute_confidence == Some(Confidence::Wrong) && model.compute_flop.is_some() {
        found.push(Warning {
            rule: "compute-wrong",
            place: efficiency::column(model, "compute_flop"),
            value: String::new(),
            message: "compute_confidence says the figure is wrong; it is not used".to_string(),
        });
    }
    if let Some((watts, chip, tdp)) = efficiency::stated_power(priors, model)
        && watts < LEAST_LOAD * tdp
    {
        found.push(Warning {
            rule: "power-low",
            place: efficiency::column(model, "power_w"),
            value: factor::shown(watts),
            message: format!(
                "{:.0} % of the TDP of {chip}, {tdp} W; is it that of another form factor (an H800 has 700 W, not 350), or of \
                 an idle hour? It is used as stated",
                100.0 * watts / tdp
            ),
        });
    }
    found
}
