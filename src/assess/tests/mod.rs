//! The stage as a whole, by subject; here what the tests have in common: rows, and what an assessment says of one.

mod cells;
mod lineage;
mod shared;
mod sizes;
mod study;
mod tiers;

use super::*;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Date, Distribution, Model, Portfolio, Problems, Study, Value};

fn study() -> Study {
    Study::default()
}

fn model(id: &str, labels: &[(&str, &str)]) -> Model {
    let labels = labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let date = Some(Date { year: 2023, month: None, day: None });
    Model { id: id.to_string(), labels, date, ..Model::default() }
}

fn number(x: f64) -> Option<Value> {
    Some(Value::Number(x))
}

fn run(models: Vec<Model>, study: Study) -> Result<Assessment, Problems> {
    assess(&Portfolio::new(models, study))
}

fn one(m: Model) -> (Assessment, AssessedModel) {
    one_in(m, study())
}

fn one_in(m: Model, study: Study) -> (Assessment, AssessedModel) {
    let a = run(vec![m], study).unwrap_or_else(|p| panic!("{p:?}"));
    let m = a.models[0].clone();
    (a, m)
}

/// An output with every factor at its own median.
fn at_medians(m: &AssessedModel, output: Output) -> f64 {
    let term = &m.terms[output as usize];
    let factors = m.factors.iter().zip(term.powers).filter(|(_, p)| *p != 0);
    factors.fold(term.constant, |x, (f, p)| x * quantile(&f.as_ref().unwrap().alone(), 0.5).powi(i32::from(p)))
}

fn close(got: f64, expected: f64, relative: f64) {
    assert!((got / expected - 1.0).abs() < relative, "{got} against {expected}");
}

/// ln sd of a lognormal own part.
fn own(m: &AssessedModel, slot: Slot) -> f64 {
    let lognormal = |d: &Distribution| match d {
        Distribution::LogNormal { gsd, .. } => gsd.ln(),
        d => panic!("{d:?}"),
    };
    match &m.factors[slot as usize].as_ref().unwrap().distribution {
        Distribution::Truncated { inner, .. } => lognormal(inner),
        d => lognormal(d),
    }
}

/// Quadrature sum of the shared ln sds on a slot, without the FLOP convention, which is no part of the evidence.
fn shared_sd(a: &Assessment, m: &AssessedModel, slot: Slot) -> f64 {
    let effects = &m.factors[slot as usize].as_ref().unwrap().shared;
    let sds =
        effects.iter().filter(|(i, _)| !a.shared[*i].name.contains("operation")).map(|(i, w)| a.shared[*i].ln_gsd * w);
    sds.map(|s| s * s).sum::<f64>().sqrt()
}

fn names(a: &Assessment, m: &AssessedModel, slot: Slot) -> Vec<(String, f64)> {
    let effects = &m.factors[slot as usize].as_ref().unwrap().shared;
    effects.iter().map(|(i, w)| (a.shared[*i].name.to_string(), *w)).collect()
}

const LLAMA: [(&str, &str); 3] = [("hardware", "NVIDIA A100"), ("region", "USA"), ("organization", "Meta AI")];

fn llama(id: &str) -> Model {
    Model { parameters: number(7e9), tokens: number(2e12), ..model(id, &LLAMA) }
}
