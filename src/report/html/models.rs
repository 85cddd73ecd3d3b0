//! Models and groups as columns, with every text and every step of provenance once.

use std::collections::HashMap;

use serde::Serialize;

use crate::assess::{AssessedModel, Assessment};
use crate::portfolio::YEAR;
use crate::posterior::intensity::{Part, Row};
use crate::posterior::{Estimate, ModelPosterior};
use crate::report::json::{kind_name, origins};
use crate::report::numbers::significant;

/// Digits of a model's numbers.
const DIGITS: usize = 4;
/// Groups of one column that are shown.
const GROUPS: usize = 60;

/// Texts that are used many times, each once.
#[derive(Debug, Default)]
pub struct Texts {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    fn place(&mut self, text: &str) -> Option<usize> {
        if text.is_empty() {
            return None;
        }
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        self.list.push(text.to_string());
        self.places.insert(text.to_string(), self.list.len() - 1);
        Some(self.list.len() - 1)
    }

    /// In the order of their places.
    pub fn into_list(self) -> Vec<String> {
        self.list
    }
}

/// Quantity, kind, how and source as places of texts; whether it is chosen.
pub type Step = (Option<usize>, Option<usize>, Option<usize>, Option<usize>, u8);

/// The models that are shown, largest mean first.
#[derive(Debug, Default, Serialize)]
pub struct Models {
    pub total: usize,
    pub shown: usize,
    pub rest_mean_t: Option<f64>,
    id: Vec<String>,
    tier: Vec<Option<usize>>,
    organization: Vec<Option<usize>>,
    year: Vec<Option<usize>>,
    hardware: Vec<Option<usize>>,
    region: Vec<Option<usize>>,
    mean_t: Vec<Option<f64>>,
    sd_t: Vec<Option<f64>>,
    median_t: Vec<Option<f64>>,
    lo_t: Vec<Option<f64>>,
    hi_t: Vec<Option<f64>>,
    atci: Vec<Option<f64>>,
    atci_lo: Vec<Option<f64>>,
    atci_hi: Vec<Option<f64>>,
    provenance: Vec<Vec<usize>>,
}

impl Models {
    /// The `most` largest models, with the texts and steps that they use.
    pub fn of(
        posteriors: &[ModelPosterior],
        assessment: &Assessment,
        most: usize,
        texts: &mut Texts,
    ) -> (Models, Vec<Step>) {
        let mut places: Vec<usize> = (0..posteriors.len()).collect();
        let mean = |place: &usize| posteriors[*place].emissions_t.mean;
        places.sort_by(|a, b| {
            let (x, y) = (mean(a).unwrap_or(f64::NEG_INFINITY), mean(b).unwrap_or(f64::NEG_INFINITY));
            y.total_cmp(&x).then(a.cmp(b))
        });
        let rest: f64 = places.iter().skip(most).filter_map(mean).sum();
        places.truncate(most);
        let shown = places.len();
        let rest_mean_t = significant(Some(rest), DIGITS);
        let mut models = Models { total: posteriors.len(), shown, rest_mean_t, ..Models::default() };
        let (mut steps, mut step_places) = (Vec::new(), HashMap::new());
        for place in places {
            let (Some(p), Some(a)) = (posteriors.get(place), assessment.models.get(place)) else { continue };
            models.push(p, a, texts);
            let of: Vec<usize> = origins(a)
                .into_iter()
                .map(|(quantity, (from, _))| {
                    let step: Step = (
                        texts.place(quantity),
                        texts.place(kind_name(from.kind)),
                        texts.place(&from.how),
                        texts.place(&from.source),
                        u8::from(from.chosen),
                    );
                    *step_places.entry(step).or_insert_with(|| {
                        steps.push(step);
                        steps.len() - 1
                    })
                })
                .collect();
            models.provenance.push(of);
        }
        (models, steps)
    }

    fn push(&mut self, p: &ModelPosterior, a: &AssessedModel, texts: &mut Texts) {
        let mut label = |column: &str| a.labels.get(column).and_then(|text| texts.place(text));
        self.organization.push(label("organization"));
        self.year.push(label(YEAR));
        self.hardware.push(label("hardware"));
        self.region.push(label("region"));
        self.tier.push(texts.place(p.tier.name()));
        self.id.push(p.id.clone());
        let (e, atci) = (&p.emissions_t, &p.atci_kg_per_eflop);
        let [lo, hi] = ends(e);
        self.mean_t.push(significant(e.mean, DIGITS));
        self.sd_t.push(significant(e.sd, DIGITS));
        self.median_t.push(significant(e.median, DIGITS));
        self.lo_t.push(lo);
        self.hi_t.push(hi);
        let [lo, hi] = ends(atci);
        self.atci.push(significant(atci.mean, DIGITS));
        self.atci_lo.push(lo);
        self.atci_hi.push(hi);
    }

    /// The largest of them with their means in t.
    pub fn largest(&self, most: usize) -> impl Iterator<Item = (&str, f64)> {
        self.id.iter().zip(&self.mean_t).take(most).map(|(id, mean)| (id.as_str(), mean.unwrap_or(0.0)))
    }
}

fn ends(e: &Estimate) -> [Option<f64>; 2] {
    [0, 1].map(|end| significant(e.interval.map(|ends| ends[end]), DIGITS))
}

/// The parts by one column, largest mean first.
#[derive(Debug, Default, Serialize)]
pub struct Groups {
    by: String,
    total: usize,
    shown: usize,
    value: Vec<String>,
    models: Vec<usize>,
    share: Vec<Option<f64>>,
    mean_t: Vec<Option<f64>>,
    median_t: Vec<Option<f64>>,
    lo_t: Vec<Option<f64>>,
    hi_t: Vec<Option<f64>>,
    atci: Vec<Option<f64>>,
    atci_median: Vec<Option<f64>>,
    atci_lo: Vec<Option<f64>>,
    atci_hi: Vec<Option<f64>>,
}

impl Groups {
    /// Of the parts by a column; `total_t` is the mean of the portfolio.
    pub fn of(by: &str, rows: &[Row], total_t: Option<f64>) -> Groups {
        let mut sorted: Vec<&Row> = rows.iter().collect();
        let mean = |row: &Row| row.emissions_t.mean.unwrap_or(0.0);
        sorted.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
        sorted.truncate(GROUPS);
        let mut groups = Groups { by: by.to_string(), total: rows.len(), shown: sorted.len(), ..Groups::default() };
        for row in sorted {
            let (e, atci) = (&row.emissions_t, &row.intensity.atci_kg_per_eflop);
            groups.value.push(match &row.part {
                Part::Value(value) => value.clone(),
                Part::NotStated => "(not stated)".into(),
                Part::Other(n) => format!("({n} others)"),
            });
            groups.models.push(row.models);
            let share = e.mean.zip(total_t.filter(|t| *t > 0.0)).map(|(part, total)| part / total);
            groups.share.push(significant(share, DIGITS));
            let [lo, hi] = ends(e);
            groups.mean_t.push(significant(e.mean, DIGITS));
            groups.median_t.push(significant(e.median, DIGITS));
            groups.lo_t.push(lo);
            groups.hi_t.push(hi);
            let [lo, hi] = ends(atci);
            groups.atci.push(significant(atci.mean, DIGITS));
            groups.atci_median.push(significant(atci.median, DIGITS));
            groups.atci_lo.push(lo);
            groups.atci_hi.push(hi);
        }
        groups
    }
}
