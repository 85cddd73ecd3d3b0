//! Cells of models as columns of draws.

use std::iter;

use sha2::{Digest, Sha256};

use super::RunError;
use crate::assess::{AssessedModel, Assessment, Output, Slot};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::hash::plan_hash;
use crate::portfolio::Distribution;
use crate::posterior::joint::{Column, exact_sum};
use crate::run::Sampler;

/// Draws cells of an assessment.
pub(in crate::run) struct Cells<'a> {
    assessment: &'a Assessment,
    tables: Tables,
    /// Of each plan that was drawn.
    hashes: Vec<String>,
}

impl<'a> Cells<'a> {
    pub fn new(assessment: &'a Assessment) -> Cells<'a> {
        Cells { assessment, tables: Tables::default(), hashes: Vec::new() }
    }

    /// What the models with these places in the assessment have of an output, by draw.
    ///
    /// # Errors
    /// [`RunError::Plan`], and those of drawing.
    pub fn draw(&mut self, sampler: &Sampler<'_>, nodes: &[u32], output: Output) -> Result<Column, RunError> {
        let mut certain = Vec::new();
        let mut models = Vec::new();
        for model in nodes.iter().filter_map(|&node| self.assessment.models.get(node as usize)) {
            match certainly(model, output) {
                Some(x) => certain.push(x),
                None => models.push(model.clone()),
            }
        }
        let fixed = exact_sum(certain.into_iter());
        if models.is_empty() {
            return Ok(Column::new(fixed, Vec::new(), 0));
        }
        let part = Assessment { groups_by: Vec::new(), ..self.assessment.with(models) };
        let plan = compile_with(&part, &mut self.tables)?;
        drop(part);
        self.hashes.push(plan_hash(&plan));
        let plan = plan.totals_only();
        let mut summary = sampler.draw(&plan)?;
        let counts = std::mem::take(&mut summary.totals[output as usize]);
        Ok(Column::new(fixed, counts, plan.unit(output as usize)))
    }

    /// Of all that was drawn, whatever the order of the rows.
    pub fn hash(&self) -> String {
        let mut hashes: Vec<&str> = self.hashes.iter().map(String::as_str).collect();
        hashes.sort_unstable();
        let digest = Sha256::digest(hashes.concat().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A model's output where nothing in it is uncertain.
fn certainly(model: &AssessedModel, output: Output) -> Option<f64> {
    let mut sum = Vec::new();
    for term in model.products(output as usize) {
        let mut x = term.constant;
        for slot in Slot::ALL {
            let power = term.powers[slot as usize];
            let factor = model.factors[slot as usize].as_ref().filter(|_| power != 0);
            x *= match factor {
                None => 1.0,
                Some(factor) => match factor.distribution {
                    Distribution::Fixed(value) if factor.shared.is_empty() => times(value, power),
                    _ if term.constant == 0.0 => 1.0,
                    _ => return None,
                },
            };
        }
        sum.push(x);
    }
    Some(exact_sum(sum.into_iter()))
}

fn times(value: f64, power: i8) -> f64 {
    let product: f64 = iter::repeat_n(value, usize::from(power.unsigned_abs())).product();
    if power < 0 { 1.0 / product } else { product }
}
