//! What a row states: base model or derivative, parameters and compute, how the run used its chips.
//!
//! The one place that says so; nothing here knows priors. Where two readers of a row need different answers, both
//! stand here under names of their own, with the reason:
//!
//! | question | answers |
//! |---|---|
//! | is it a training run of its own? | [`lineage`]: a run, guessed, a derivative; [`is_base`]; [`is_base_by_its_list`] |
//! | FLOP per parameter and token | [`flop_per_parameter_and_token`]: 6, or 3 of an encoder–decoder; [`EPOCHS_CONVENTION`]: 6 of all |
//! | the median of a cell | [`median`] by the quantile, [`LogNormal::of`] by the parameter |

use super::lognormal::LogNormal;
pub use crate::portfolio::operations::{FORWARD_AND_BACKWARD, THROUGH_HALF, flop_per_parameter_and_token};
use crate::portfolio::quantile::quantile;
use crate::portfolio::spelling::normal;
use crate::portfolio::{Confidence, Model, Place, Relation, Source, Value};

/// A cell of the row.
pub fn column(model: &Model, name: &str) -> Place {
    Place { column: name.to_string(), ..model.place.clone() }
}

/// A stated zero.
pub fn is_zero(value: Option<&Value>) -> bool {
    value.is_some_and(Value::is_zero)
}

/// A plain number above 0. Distributions stand as they are.
pub fn plain(value: &Value) -> Option<f64> {
    match value {
        Value::Number(x) if *x > 0.0 => Some(*x),
        _ => None,
    }
}

/// The same of a cell that may be empty.
pub fn number(value: &Option<Value>) -> Option<f64> {
    value.as_ref().and_then(plain)
}

/// The median by the quantile function: of a lognormal it differs from the parameter in the last digit.
pub fn median(value: &Value) -> f64 {
    match value {
        Value::Number(x) => *x,
        Value::Distribution(d) => quantile(d, 0.5),
    }
}

/// A median above 0.
pub fn positive(value: &Value) -> Option<f64> {
    Some(median(value)).filter(|x| x.is_finite() && *x > 0.0)
}

/// Whether a label says yes.
pub fn says_yes(model: &Model, label: &str) -> bool {
    model.labels.get(label).is_some_and(|t| matches!(t.to_lowercase().as_str(), "yes" | "true" | "1"))
}

/// Whether a row is a training run of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lineage {
    Run,
    /// A run with this probability, else a derivative.
    Guessed(f64),
    Derivative,
}

/// What the row says of its lineage. `base_probability` decides where it is stated, 1 against a base that is named.
pub fn lineage(model: &Model) -> Lineage {
    match model.base_probability {
        Some(p) if p >= 1.0 => Lineage::Run,
        Some(p) if p > 0.0 => Lineage::Guessed(p),
        Some(_) => Lineage::Derivative,
        None if names_a_base(model) => Lineage::Derivative,
        None => Lineage::Run,
    }
}

/// Whether the row is a derivative and not possibly a training run of its own.
pub fn is_derivative(model: &Model) -> bool {
    lineage(model) == Lineage::Derivative
}

/// The probability of being a run of its own, where that is a guess.
pub fn guessed(model: &Model) -> Option<f64> {
    match lineage(model) {
        Lineage::Guessed(p) => Some(p),
        Lineage::Run | Lineage::Derivative => None,
    }
}

/// Whether the row names what it was made from, or how.
pub fn names_a_base(model: &Model) -> bool {
    !model.base_models.is_empty() || model.relation.is_some()
}

/// Certainly a run of its own that was made from nothing. Stricter than [`Lineage::Run`], which a row that names a base
/// can be by its probability: where runs of two lists are counted, it may be the base's run once more.
pub fn is_base(model: &Model) -> bool {
    !names_a_base(model) && model.base_probability.is_none_or(|p| p >= 1.0)
}

/// The same, and its list does not say so with a probability. Where published compute is to be predicted: a list that
/// states probabilities of lineage has guessed some of its rows, and a guess is no published fact.
pub fn is_base_by_its_list(model: &Model) -> bool {
    !names_a_base(model) && model.base_probability.is_none()
}

/// How it was made, of a derivative: a fine-tune unless it says otherwise.
pub fn relation(model: &Model) -> Relation {
    model.relation.unwrap_or(Relation::Finetune)
}

/// Whether rows of this relation repeat their parent's figures, which is not what was computed for them: quantisations,
/// merges, copies and adapters. Fine-tunes and distillations have their own tokens.
pub fn repeats_its_parent(model: &Model) -> bool {
    match model.relation {
        None | Some(Relation::Finetune | Relation::Distill) => false,
        Some(
            Relation::Quantized
            | Relation::Merge
            | Relation::Fork
            | Relation::Lora
            | Relation::Qlora
            | Relation::Adapter,
        ) => true,
    }
}

/// How a run used its chips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A training run.
    Training,
    /// A small job on one to eight chips.
    Small,
}

/// How a row used its chips, whichever disclosure its chain starts from.
pub fn usage(model: &Model) -> Use {
    if is_derivative(model) { usage_if_derivative(model) } else { Use::Training }
}

/// The same if the row is a derivative: a fine-tune and a distillation train all weights, the others are small jobs.
pub fn usage_if_derivative(model: &Model) -> Use {
    match relation(model) {
        Relation::Finetune | Relation::Distill => Use::Training,
        _ => Use::Small,
    }
}

/// FLOP per parameter and token as Epoch AI counts them, 6 for every architecture. Its figures of compute, and the
/// tokens D = C/(6 N) that the priors of training length were derived from, are compared by it.
pub const EPOCHS_CONVENTION: f64 = FORWARD_AND_BACKWARD;

/// Active parameters, if stated; all of them where the row does not tell them apart.
pub fn active_parameters(model: &Model) -> Option<&Value> {
    model.active_parameters.as_ref().or(model.parameters.as_ref())
}

/// `compute_flop`, unless Epoch found it wrong.
pub fn stated_flop(model: &Model) -> Option<&Value> {
    model.compute_flop.as_ref().filter(|_| model.compute_confidence != Some(Confidence::Wrong))
}

/// N and D where their product is the row's own compute.
pub fn parameters_and_tokens(model: &Model) -> Option<(&Value, &Value)> {
    let of_its_parent = repeats_its_parent(model) && is_derivative(model);
    active_parameters(model).zip(model.tokens.as_ref()).filter(|_| !of_its_parent)
}

/// Whether the row states its compute, directly or by parameters and tokens.
pub fn states_compute(model: &Model) -> bool {
    stated_flop(model).is_some() || parameters_and_tokens(model).is_some()
}

/// Whether a row states two figures or more, which its chain connects.
pub fn states_several(model: &Model) -> bool {
    let figures = [&model.gpu_hours, &model.energy_kwh, &model.emissions_kg].into_iter().flatten().count();
    figures + usize::from(states_compute(model)) > 1
}

/// `per` · N_active · D · epochs with the cells as `read` takes them; one epoch where none are stated.
pub fn product(model: &Model, per: f64, read: impl Fn(&Value) -> Option<f64>) -> Option<f64> {
    let n = active_parameters(model).and_then(&read)?;
    let d = model.tokens.as_ref().and_then(&read)?;
    let epochs = model.epochs.as_ref().map_or(Some(1.0), &read)?;
    Some(per * n * d * epochs)
}

/// Compute as plain numbers have it: what a copy can be known by.
pub fn plain_compute(model: &Model) -> Option<f64> {
    stated_flop(model).map_or_else(|| product(model, flop_per_parameter_and_token(model), plain), plain)
}

/// Whether `compute` follows from the row's parameters and tokens, within a factor of two: 6 N D by Epoch's convention,
/// whatever the architecture (3 N D is the end of that range).
pub fn is_six_n_d(model: &Model, compute: f64) -> bool {
    let read = |value: &Value| Some(LogNormal::of(value).median).filter(|x| *x > 0.0);
    product(model, EPOCHS_CONVENTION, read).is_some_and(|flop| (0.5..2.0).contains(&(compute / flop)))
}

/// FLOP of a base model that states them, or parameters and tokens; by Epoch's convention, as the tokens were that
/// training lengths were derived from.
pub fn published_flop(model: &Model) -> Option<f64> {
    let by_product = || product(model, EPOCHS_CONVENTION, positive);
    let flop = stated_flop(model).map_or_else(by_product, |value| Some(median(value)));
    flop.filter(|flop| *flop > 0.0 && is_base_by_its_list(model))
}

/// A base model that states its compute, without all that would tell it, and what it states in EFLOP.
pub fn without_compute(model: &Model) -> Option<(Model, f64)> {
    let flop = published_flop(model)?;
    let mut bare = Model {
        compute_flop: None,
        compute_confidence: None,
        tokens: None,
        epochs: None,
        gpu_hours: None,
        energy_kwh: None,
        emissions_kg: None,
        power_w: None,
        mfu: None,
        ..model.clone()
    };
    // The chips of a run are known where its compute is; they play no part in the compute.
    bare.labels.remove("hardware");
    Some((bare, flop / 1e18))
}

/// Whether the source left the overhead of the facility out of its emissions: calculators do.
pub fn without_pue(model: &Model) -> bool {
    !model.emissions_include_pue.unwrap_or(model.source != Source::Calculator)
}

/// Whether the row's hardware is a CPU (calculators are further off there).
pub fn is_cpu(model: &Model) -> bool {
    model.labels.get("hardware").is_some_and(|h| {
        let h = normal(h);
        ["cpu", "xeon", "epyc", "intelcore", "ryzen"].iter().any(|w| h.contains(w))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(x: f64) -> Option<Value> {
        Some(Value::Number(x))
    }

    #[test]
    fn three_answers_to_one_question_of_lineage() {
        let row = |base: bool, p: Option<f64>| Model {
            base_models: if base { vec![crate::portfolio::Base::of("b")] } else { vec![] },
            base_probability: p,
            ..Model::default()
        };
        for (base, p, lineage_is, base_is, by_its_list) in [
            (false, None, Lineage::Run, true, true),
            (true, None, Lineage::Derivative, false, false),
            (false, Some(1.0), Lineage::Run, true, false),
            (true, Some(1.0), Lineage::Run, false, false),
            (true, Some(0.4), Lineage::Guessed(0.4), false, false),
            (false, Some(0.4), Lineage::Guessed(0.4), false, false),
            (false, Some(0.0), Lineage::Derivative, false, false),
        ] {
            let row = row(base, p);
            let found = (lineage(&row), is_base(&row), is_base_by_its_list(&row));
            assert_eq!(found, (lineage_is, base_is, by_its_list), "{base} {p:?}");
        }
    }

    #[test]
    fn an_encoder_decoder_has_half_the_flop_but_by_epochs_convention() {
        let mut row = Model { parameters: number(1e9), tokens: number(1e12), epochs: number(2.0), ..Model::default() };
        assert_eq!((plain_compute(&row), published_flop(&row)), (Some(1.2e22), Some(1.2e22)));
        row.labels.insert("architecture", "T5");
        assert_eq!((plain_compute(&row), published_flop(&row)), (Some(6e21), Some(1.2e22)));
        // Either figure follows from N and D, a tenth of it does not.
        assert!(is_six_n_d(&row, 1.2e22) && is_six_n_d(&row, 6e21) && !is_six_n_d(&row, 1.2e21));
        // A mixture of experts counts its active parameters.
        row.active_parameters = number(1e8);
        assert_eq!(plain_compute(&row), Some(6e20));
    }

    #[test]
    fn what_is_stated_twice_counts_once_and_wrong_figures_do_not() {
        let both =
            Model { parameters: number(1e9), tokens: number(1e12), compute_flop: number(5e21), ..Model::default() };
        assert_eq!(published_flop(&both), Some(5e21));
        let wrong = Model { compute_confidence: Some(Confidence::Wrong), ..both.clone() };
        assert_eq!(published_flop(&wrong), Some(6e21));
        // A quantised copy repeats its parent's parameters and tokens.
        let copy = Model { relation: Some(Relation::Quantized), compute_flop: None, ..both };
        assert!(!states_compute(&copy));
        let (bare, eflop) = without_compute(&wrong).unwrap();
        assert!((eflop - 6e3).abs() < 1e-9 && !states_compute(&bare));
    }
}
