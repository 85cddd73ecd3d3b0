//! What is said of the study and of its rows before anything is drawn: scopes that are not computed, figures that look
//! wrong in the light of priors and tables.

use super::chips;
use super::facility;
use super::node::stated_power;
use super::number_format;
use super::priors::Priors;
use super::stated::column;
use super::wording::shown;
use crate::portfolio::{Confidence, Model, Problem, Study, Warning};

/// Scopes that are known and not computed.
pub fn unsupported(study: &Study) -> Vec<Problem> {
    if !study.scope.embodied {
        return Vec::new();
    }
    let message =
        "the total never includes embodied emissions; write embodied = false here and embodied = true under [outputs]";
    vec![Problem { place: study.place("scope.embodied"), value: "true".to_string(), message: message.to_string() }]
}

/// Less than this times the TDP is no accelerator's power in a training run: the least published is 0.63 (a V100 in
/// Strubell et al. 2019, TPUs v3 in Patterson et al. 2021).
const LEAST_LOAD: f64 = 0.6;

/// What is suspicious in a row in the light of priors and tables.
pub fn warnings_of(priors: &Priors, model: &Model) -> Vec<Warning> {
    let mut found = chips::warnings_of(model);
    if model.mfu.is_some() {
        let chips = chips::chips(priors, model).map(|found| found.shares).unwrap_or_default();
        found.extend(number_format::warning(model, &chips));
    }
    found.extend(facility::warnings_of(priors, model));
    if model.compute_confidence == Some(Confidence::Wrong) && model.compute_flop.is_some() {
        found.push(Warning {
            rule: "compute-wrong",
            place: column(model, "compute_flop"),
            value: String::new(),
            message: "compute_confidence says the figure is wrong; it is not used".to_string(),
        });
    }
    if let Some((watts, chip, tdp)) = stated_power(priors, model)
        && watts < LEAST_LOAD * tdp
    {
        found.push(Warning {
            rule: "power-low",
            place: column(model, "power_w"),
            value: shown(watts),
            message: format!(
                "{:.0} % of the TDP of {chip}, {tdp} W; is it that of another form factor (an H800 has 700 W, not 350), or of \
                 an idle hour? It is used as stated",
                100.0 * watts / tdp
            ),
        });
    }
    found
}
