//! The sensitivity indices in the result: exact ones always, sampled ones where they were asked for.

use serde::Serialize;

use crate::engine::stats::sensitivity;
use crate::posterior::grouping::Group;
use crate::posterior::sampled::{Analysed, AnalysedOutput, Sampled};
use crate::posterior::{Posterior, VarianceShare};

#[derive(Serialize)]
pub(super) struct Sensitivity<'a> {
    method: &'static str,
    /// Why there are no indices.
    reason: Option<&'a str>,
    groups: Vec<Index<'a>>,
    /// For comparison with the sampled ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<Vec<Index<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampled: Option<SampledText<'a>>,
}

/// The sampled analysis.
#[derive(Serialize)]
struct SampledText<'a> {
    draws: u64,
    level: f64,
    outputs: Vec<AnalysedText<'a>>,
}

#[derive(Serialize)]
struct AnalysedText<'a> {
    #[serde(flatten)]
    output: AnalysedOutput,
    reason: Option<String>,
    groups: Vec<SampledIndex<'a>>,
}

#[derive(Serialize)]
struct SampledIndex<'a> {
    name: &'a str,
    first_order: sensitivity::Index,
    total: sensitivity::Index,
    shapley: Option<sensitivity::Index>,
}

impl<'a> AnalysedText<'a> {
    fn new(sampled: &'a Sampled, analysed: &'a Analysed) -> AnalysedText<'a> {
        let groups = analysed.indices.as_ref().map_or(vec![], |indices| {
            let index = |(g, group): (usize, &'a Group)| SampledIndex {
                name: group.name.as_deref().unwrap_or_default(),
                first_order: indices.first_order(g),
                total: indices.total(g),
                shapley: indices.shapley(g),
            };
            sampled.groups.iter().enumerate().map(index).collect()
        });
        let reason = analysed.indices.as_ref().err().map(ToString::to_string);
        AnalysedText { output: analysed.output, reason, groups }
    }
}

#[derive(Serialize)]
struct Index<'a> {
    name: &'a str,
    first_order: Bracket,
    total: Bracket,
    shapley: Option<Bracket>,
}

/// An index and the interval of its numerical error: without width, because it is exact.
#[derive(Serialize)]
struct Bracket {
    value: f64,
    lo: f64,
    hi: f64,
}

impl<'a> Sensitivity<'a> {
    pub(super) fn new(p: &'a Posterior) -> Sensitivity<'a> {
        let exact = |value: f64| Bracket { value, lo: value, hi: value };
        let index = |share: &'a VarianceShare| Index {
            name: &share.name,
            first_order: exact(share.first_order),
            total: exact(share.total),
            shapley: Some(exact(share.shapley)),
        };
        let exact = || p.oracle.groups.iter().map(index).collect();
        let Some(sampled) = &p.sampled else {
            let reason = p.oracle.reason.as_deref();
            return Sensitivity { method: "exact", reason, groups: exact(), exact: None, sampled: None };
        };
        let outputs: Vec<AnalysedText> = sampled.outputs.iter().map(|a| AnalysedText::new(sampled, a)).collect();
        let bracket = |i: sensitivity::Index| Bracket { value: i.value, lo: i.lo, hi: i.hi };
        let of_emissions = |index: &SampledIndex<'a>| Index {
            name: index.name,
            first_order: bracket(index.first_order),
            total: bracket(index.total),
            shapley: index.shapley.map(bracket),
        };
        let emissions = outputs.iter().find(|o| o.output == AnalysedOutput::Emissions);
        Sensitivity {
            method: "cube",
            reason: p.oracle.reason.as_deref(),
            groups: emissions.map_or(vec![], |e| e.groups.iter().map(of_emissions).collect()),
            exact: Some(exact()),
            sampled: Some(SampledText { draws: sampled.draws, level: sampled.level, outputs }),
        }
    }
}
