//! The share of the variance that is owed to priors without a firm source.
//!
//! The set u holds every model's own factor whose provenance says "chosen" and every shared effect that does.
//! `first_order` is what u explains alone, V_u / V; `total` what would remain if everything else were known,
//! 1 − V_{not u} / V (Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6). Both exact, from the closed form.

use serde::Serialize;

use crate::assess::{Assessment, Slot};
use crate::exact::closed::{Closed, Inputs};
use crate::exact::terms::{Known, products};

/// What chosen priors contribute to the variance of the total's emissions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chosen {
    /// Share of the variance that they explain alone: V_u / V.
    pub first_order: f64,
    /// Share that would remain if everything else were known: 1 − V_{not u} / V.
    pub total: f64,
    /// Factors of models whose provenance says so, and all factors with a spread of their own or shared.
    pub factors: usize,
    /// All factors of the models.
    pub of_factors: usize,
    /// Shared effects whose geometric standard deviation is chosen.
    pub effects: usize,
    /// All shared effects.
    pub of_effects: usize,
}

/// `None` where there is no finite variance above zero.
pub fn chosen(assessment: &Assessment) -> Option<Chosen> {
    let products = products(assessment, &mut Known::default()).ok()?;
    let closed = Closed::new(&assessment.shared, &products);
    let effect = |e: usize| assessment.shared.get(e).is_some_and(|e| e.chosen);
    let factor = |model: usize, slot: Slot| {
        let factor = assessment.models.get(model).and_then(|m| m.factors.get(slot as usize)).and_then(Option::as_ref);
        factor.is_some_and(|f| f.provenance.chosen)
    };
    let variance = closed.variance(Inputs::ALL).filter(|v| *v > 0.0)?;
    let alone = closed.variance_by_model(&effect, &factor)?;
    let others = closed.variance_by_model(&|e| !effect(e), &|m, s| !factor(m, s))?;
    let factors = || assessment.models.iter().flat_map(|m| m.factors.iter().flatten());
    Some(Chosen {
        first_order: alone / variance,
        total: 1.0 - others / variance,
        factors: factors().filter(|f| f.provenance.chosen).count(),
        of_factors: factors().count(),
        effects: assessment.shared.iter().filter(|e| e.chosen).count(),
        of_effects: assessment.shared.len(),
    })
}
