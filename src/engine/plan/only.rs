//! A plan for the headline alone: what else is counted is left out, and the headline has the same counts.
//!
//! A full run counts every output, the ratio and bins for every model. Where only the headline is asked for, all that is
//! work for nothing: slots that do not enter it need not be drawn either, since every slot has a random word of its own.

use super::{Marginal, ModelPlan, Plan};

impl Plan {
    /// The same plan for totals, groups' totals and models' sums of the headline, with and without correlation: no other
    /// output, no ratio, no bins, no factor that the headline does not depend on.
    pub fn headline_only(mut self) -> Plan {
        let headline = self.headline;
        let only = |model: ModelPlan| model.only(headline);
        self.models = self.models.into_iter().map(only).collect();
        for (o, output) in self.header.outputs.iter_mut().enumerate() {
            output.kept = o == headline;
        }
        self.header.denominator = None;
        self.header.binned = false;
        self
    }

    /// The same plan for totals of its outputs alone: no ratio, no bins, no independent headline.
    pub fn totals_only(mut self) -> Plan {
        self.header.has_independent = false;
        self.header.denominator = None;
        self.header.binned = false;
        self
    }

    /// The plan of [`Plan::headline_only`] without the independent headline, which comes out equal to the headline.
    pub fn dependent_only(mut self) -> Plan {
        self.header.has_independent = false;
        self.headline_only()
    }

    /// The plan of [`Plan::dependent_only`] with the bins of single models, where the plan has them.
    pub fn dependent_by_model(self) -> Plan {
        let binned = self.header.binned;
        let mut plan = self.dependent_only();
        plan.header.binned = binned;
        plan
    }

    /// The same plan for totals and groups, the denominator's too: no bins, no independent headline.
    pub fn groups_only(mut self) -> Plan {
        self.header.has_independent = false;
        self.header.binned = false;
        self
    }
}

impl ModelPlan {
    fn only(mut self, output: usize) -> ModelPlan {
        self.products.retain(|p| usize::from(p.output) == output);
        for s in
            (0..self.marginals.len()).filter(|&s| !self.products.iter().any(|p| p.signs[s] != 0)).collect::<Vec<_>>()
        {
            self.marginals[s] = Marginal::None;
            self.cells[s] = None;
            self.zeros &= !(1 << s);
        }
        self
    }
}
