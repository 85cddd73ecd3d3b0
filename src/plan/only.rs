//! A plan for the emissions alone: what else is counted is left out, and the emissions are the same counts.
//!
//! A full run counts four outputs, ATCI and bins for every model. Where only emissions are asked for, all that is work
//! for nothing: slots that do not enter them need not be drawn either, since every slot has a random word of its own.

use super::{Marginal, ModelPlan, OUTPUT_EMISSIONS, Plan};

impl Plan {
    /// The same plan for totals, groups' totals and models' sums of emissions, with and without correlation: no other
    /// term, no bins, no factor that emissions do not depend on.
    pub fn headline_only(self) -> Plan {
        Plan { models: self.models.into_iter().map(ModelPlan::emissions_only).collect(), binned: false, ..self }
    }

    /// The same without the independent emissions, which come out equal to the emissions.
    pub fn emissions_only(self) -> Plan {
        Plan { has_independent: false, ..self.headline_only() }
    }
}

impl ModelPlan {
    fn emissions_only(mut self) -> ModelPlan {
        let acts = |s: usize| self.terms[OUTPUT_EMISSIONS].is_some_and(|term| term.signs[s] != 0);
        for s in (0..self.marginals.len()).filter(|&s| !acts(s)) {
            self.marginals[s] = Marginal::None;
            self.cells[s] = None;
            self.zeros &= !(1 << s);
        }
        for (o, term) in self.terms.iter_mut().enumerate() {
            if o != OUTPUT_EMISSIONS {
                *term = None;
            }
        }
        self
    }
}
