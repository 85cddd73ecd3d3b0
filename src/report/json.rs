//! The JSON result: a public interface, described by `docs/result.schema.json`.
//!
//! Two runs of the same plan and seed give the same bytes but for the top-level keys `backend` and `timings`, the only
//! ones that may tell of a machine: no path, clock, host or thread count stands anywhere else. Keys come in a fixed
//! order; models are sorted by id and groups by (by, value); what is undefined is null. One model, group or total
//! stands on one line, so that results can be compared line by line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::assess::{AssessedModel, Assessment, Kind, Provenance, Slot};
use crate::portfolio::{Basis, Boundary, Run, Scope};
use crate::posterior::beside::Beside;
use crate::posterior::grouping::Group as InputGroup;
use crate::posterior::sampled::{Analysed, AnalysedOutput, Sampled};
use crate::posterior::{
    Discretisation, Estimate, GroupPosterior, ModelPosterior, Posterior, Saturated, SdCheck, Totals, VarianceShare,
};
use crate::posterior::{sensitivity, tail};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;

/// What the posterior does not know: the plan's fingerprint and how the run was done.
#[derive(Debug, Clone, PartialEq)]
pub struct RunInfo {
    /// SHA-256 of the plan in hexadecimal.
    pub plan_hash: String,
    pub backend: Backend,
    /// Seconds by stage, in order.
    pub timings: Vec<(String, f64)>,
}

/// What drew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backend {
    /// `cpu`, `gpu`, or `gpu, then cpu` where the GPU failed on the way.
    pub name: String,
    /// The GPU, or the instruction set of the CPU.
    pub adapter: Option<String>,
    /// Threads of the CPU.
    pub threads: Option<usize>,
}

/// Writes the result as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, posterior: &Posterior, assessment: &Assessment, run: &RunInfo) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Lines::default());
    document(posterior, assessment, run).serialize(&mut serializer)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    seed: u64,
    draws: u64,
    interval: f64,
    scope: ScopeText,
    plan_hash: &'a str,
    backend: &'a Backend,
    timings: Pairs<'a>,
    total: Total<'a>,
    independent: Independent<'a>,
    concentration: ConcentrationText<'a>,
    sensitivity: Sensitivity<'a>,
    groups: Vec<Group<'a>>,
    diagnostics: Diagnostics<'a>,
    models: Models<'a>,
}

fn document<'a>(posterior: &'a Posterior, assessment: &'a Assessment, run: &'a RunInfo) -> Document<'a> {
    Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        seed: posterior.seed,
        draws: posterior.draws,
        interval: posterior.level,
        scope: ScopeText::new(assessment.scope),
        plan_hash: &run.plan_hash,
        backend: &run.backend,
        timings: Pairs(&run.timings),
        total: Total::new(&posterior.total, &posterior.beside),
        independent: Independent { emissions_t: &posterior.total.independent_t },
        concentration: ConcentrationText::new(posterior),
        sensitivity: Sensitivity::new(posterior),
        groups: posterior.groups.iter().map(Group::new).collect(),
        diagnostics: Diagnostics::new(posterior, assessment),
        models: Models { posterior, assessment },
    }
}

struct Pairs<'a>(&'a [(String, f64)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, seconds) in self.0 {
            map.serialize_entry(name, seconds)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct ScopeText {
    run: &'static str,
    boundary: &'static str,
    basis: &'static str,
    embodied: bool,
}

impl ScopeText {
    pub(super) fn new(scope: Scope) -> ScopeText {
        ScopeText {
            run: run_name(scope.run),
            boundary: boundary_name(scope.boundary),
            basis: basis_name(scope.basis),
            embodied: scope.embodied,
        }
    }
}

/// As in a study file.
pub fn run_name(run: Run) -> &'static str {
    match run {
        Run::Final => "final",
        Run::Development => "development",
    }
}

pub fn boundary_name(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::Facility => "facility",
        Boundary::It => "it",
    }
}

pub fn basis_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Location => "location",
        Basis::Market => "market",
    }
}

#[derive(Serialize)]
struct Total<'a> {
    models: usize,
    emissions_t: &'a Estimate,
    compute_eflop: &'a Estimate,
    it_energy_kwh: &'a Estimate,
    energy_kwh: &'a Estimate,
    atci_kg_per_eflop: &'a Estimate,
    it_energy_kwh_per_eflop: &'a Estimate,
    energy_per_it_energy: &'a Estimate,
    emissions_kg_per_kwh: &'a Estimate,
    #[serde(flatten)]
    beside: &'a Beside,
}

impl<'a> Total<'a> {
    fn new(t: &'a Totals, beside: &'a Beside) -> Total<'a> {
        Total {
            models: t.models,
            emissions_t: &t.emissions_t,
            compute_eflop: &t.compute_eflop,
            it_energy_kwh: &t.it_energy_kwh,
            energy_kwh: &t.energy_kwh,
            atci_kg_per_eflop: &t.atci_kg_per_eflop,
            it_energy_kwh_per_eflop: &t.it_energy_kwh_per_eflop,
            energy_per_it_energy: &t.energy_per_it_energy,
            emissions_kg_per_kwh: &t.emissions_kg_per_kwh,
            beside,
        }
    }
}

#[derive(Serialize)]
struct Independent<'a> {
    emissions_t: &'a Estimate,
}

#[derive(Serialize)]
struct ConcentrationText<'a> {
    effective_models: Option<f64>,
    top: Vec<Contributor<'a>>,
    tiers: Vec<TierText>,
}

#[derive(Serialize)]
struct Contributor<'a> {
    id: &'a str,
    share: Option<f64>,
}

#[derive(Serialize)]
struct TierText {
    tier: &'static str,
    models: usize,
    share: Option<f64>,
}

impl<'a> ConcentrationText<'a> {
    fn new(p: &'a Posterior) -> ConcentrationText<'a> {
        let c = &p.concentration;
        let top = c.top.iter().filter_map(|&i| p.models.get(i));
        ConcentrationText {
            effective_models: c.effective_models,
            top: top.map(|m| Contributor { id: &m.id, share: m.share }).collect(),
            tiers: c.tiers.iter().map(|t| TierText { tier: t.tier.name(), models: t.models, share: t.share }).collect(),
        }
    }
}

#[derive(Serialize)]
struct Sensitivity<'a> {
    method: &'static str,
    /// Why there are no indices.
    reason: Option<&'a str>,
    groups: Vec<Index<'a>>,
    /// Beside the sampled ones.
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
            let index = |(g, group): (usize, &'a InputGroup)| SampledIndex {
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
    fn new(p: &'a Posterior) -> Sensitivity<'a> {
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

#[derive(Serialize)]
struct Group<'a> {
    by: &'a str,
    value: &'a str,
    models: usize,
    share: Option<f64>,
    emissions_t: &'a Estimate,
    compute_eflop: Option<&'a Estimate>,
    atci_kg_per_eflop: Option<&'a Estimate>,
}

impl<'a> Group<'a> {
    fn new(g: &'a GroupPosterior) -> Group<'a> {
        Group {
            by: &g.by,
            value: &g.value,
            models: g.models,
            share: g.share,
            emissions_t: &g.emissions_t,
            compute_eflop: g.compute_eflop.as_ref(),
            atci_kg_per_eflop: g.atci_kg_per_eflop.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct Diagnostics<'a> {
    oracle: OracleText,
    discretisation: &'a Discretisation,
    saturated: &'a Saturated,
    /// Shape of the upper tail of the total emissions.
    pareto_k: Option<f64>,
    draws_without_compute: u64,
    /// How often each rule raised a warning. Their places are told on the terminal only: they are paths.
    warnings: BTreeMap<&'a str, usize>,
}

#[derive(Serialize)]
struct OracleText {
    mean_t: f64,
    sd_t: Option<f64>,
    kurtosis: Option<f64>,
    independent_mean_t: f64,
    independent_sd_t: Option<f64>,
    z_mean: Option<f64>,
    z_sd: Option<f64>,
    z_independent_mean: Option<f64>,
    note: Option<&'static str>,
}

impl<'a> Diagnostics<'a> {
    fn new(p: &'a Posterior, assessment: &'a Assessment) -> Diagnostics<'a> {
        let (z_sd, note) = match p.check.z_sd {
            SdCheck::Z(z) => (Some(z), None),
            SdCheck::NotEstimable => (None, Some(SdCheck::NOT_ESTIMABLE)),
            SdCheck::Undefined => (None, None),
        };
        let mut warnings = BTreeMap::new();
        for warning in &assessment.warnings {
            *warnings.entry(warning.rule).or_insert(0) += 1;
        }
        if tail::is_heavy(p.pareto_k) {
            warnings.insert(tail::RULE, 1);
        }
        Diagnostics {
            oracle: OracleText {
                mean_t: p.oracle.mean_t,
                sd_t: p.oracle.sd_t,
                kurtosis: p.oracle.kurtosis,
                independent_mean_t: p.oracle.independent_mean_t,
                independent_sd_t: p.oracle.independent_sd_t,
                z_mean: p.check.z_mean,
                z_sd,
                z_independent_mean: p.check.z_independent_mean,
                note,
            },
            discretisation: &p.discretisation,
            saturated: &p.saturated,
            pareto_k: p.pareto_k,
            draws_without_compute: p.draws_without_compute,
            warnings,
        }
    }
}

/// Written one by one: a portfolio can have millions.
struct Models<'a> {
    posterior: &'a Posterior,
    assessment: &'a Assessment,
}

impl Serialize for Models<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = self.posterior.models.iter().zip(&self.assessment.models);
        serializer.collect_seq(pairs.map(|(p, a)| Model::new(p, a)))
    }
}

/// Nothing here depends on the other models: in another portfolio the line is the same.
#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    tier: &'static str,
    emissions_t: &'a Estimate,
    atci_kg_per_eflop: &'a Estimate,
    provenance: BTreeMap<&'a str, Origin<'a>>,
}

/// Where a quantity came from; `distribution` is null for what is not drawn.
#[derive(Serialize)]
struct Origin<'a> {
    kind: &'static str,
    how: &'a str,
    source: &'a str,
    chosen: bool,
    distribution: Option<String>,
}

impl<'a> Model<'a> {
    fn new(p: &'a ModelPosterior, a: &'a AssessedModel) -> Model<'a> {
        let mut provenance: BTreeMap<&str, Origin> =
            a.provenance.iter().map(|(name, from)| (name.as_str(), Origin::new(from, None))).collect();
        for slot in Slot::ALL {
            if let Some(factor) = &a.factors[slot as usize] {
                let origin = Origin::new(&factor.provenance, Some(factor.distribution.to_string()));
                provenance.insert(slot.factor().name(), origin);
            }
        }
        Model {
            id: &p.id,
            tier: p.tier.name(),
            emissions_t: &p.emissions_t,
            atci_kg_per_eflop: &p.atci_kg_per_eflop,
            provenance,
        }
    }
}

impl<'a> Origin<'a> {
    fn new(from: &'a Provenance, distribution: Option<String>) -> Origin<'a> {
        Origin { kind: kind_name(from.kind), how: &from.how, source: &from.source, chosen: from.chosen, distribution }
    }
}

pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Disclosed => "disclosed",
        Kind::LookedUp => "looked up",
        Kind::Imputed => "imputed",
        Kind::Default => "default",
        Kind::Guessed => "guessed",
    }
}

/// Two levels of lines, everything deeper on one line.
#[derive(Default)]
pub(super) struct Lines {
    depth: usize,
    empty: bool,
}

/// Levels whose members stand on lines of their own.
const LEVELS: usize = 2;

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.depth < LEVELS && !self.empty {
            self.line(out)?;
        }
        self.empty = false;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        match (first, self.depth <= LEVELS) {
            (true, true) => self.line(out),
            (true, false) => Ok(()),
            (false, true) => {
                out.write_all(b",")?;
                self.line(out)
            }
            (false, false) => out.write_all(b", "),
        }
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        writeln!(out)?;
        (0..self.depth).try_for_each(|_| out.write_all(b"  "))
    }
}

impl serde_json::ser::Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, example};
    use serde_json::Value;

    pub(crate) fn run_info() -> RunInfo {
        RunInfo {
            plan_hash: "0123456789abcdef".repeat(4),
            backend: Backend { name: "cpu".into(), adapter: Some("avx2".into()), threads: Some(2) },
            timings: vec![("draw".into(), 1.25)],
        }
    }

    fn result(p: &Posterior, a: &Assessment) -> (String, Value) {
        let mut text = Vec::new();
        write(&mut text, p, a, &run_info()).unwrap();
        let text = String::from_utf8(text).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    fn example_result() -> (String, Value) {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        result(&posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host), &assessment)
    }

    fn schema() -> jsonschema::Validator {
        let schema: Value = serde_json::from_str(include_str!("../../docs/result.schema.json")).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn results_follow_the_schema() {
        let (text, value) = example_result();
        if let Err(error) = schema().validate(&value) {
            panic!("{error} at {}\n{text}", error.instance_path());
        }
        // Undefined numbers are null, and valid.
        let (assessment, plan, mut summary, mut oracle) = example::lognormal(3, 8);
        for total in &mut summary.totals {
            total.fill(0);
        }
        (oracle.sd_t, oracle.kurtosis, oracle.independent_sd_t) = (None, None, None);
        oracle.reason = Some("infinite variance".into());
        oracle.groups.clear();
        let p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let (_, value) = result(&p, &assessment);
        assert_eq!(value["total"]["atci_kg_per_eflop"]["mean"], Value::Null);
        assert_eq!(value["diagnostics"]["draws_without_compute"], 8);
        if let Err(error) = schema().validate(&value) {
            panic!("{error} at {}", error.instance_path());
        }
    }

    #[test]
    fn the_schema_refuses_what_is_wrong() {
        let (_, value) = example_result();
        type Change = fn(&mut Value);
        let changes: [Change; 9] = [
            |v| v["unknown"] = 1.into(),
            |v| v["total"]["emissions_t"]["interval"] = serde_json::json!([1.0]),
            |v| v["total"]["emissions_t"]["mean"] = "12".into(),
            |v| v["models"][0]["tier"] = "7".into(),
            |v| v["models"][0]["provenance"]["compute"]["kind"] = "invented".into(),
            |v| v["seed"] = (-1).into(),
            |v| v["plan_hash"] = "0123".into(),
            |v| v["interval"] = 95.into(),
            |v| {
                v["independent"].as_object_mut().unwrap().remove("emissions_t");
            },
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut wrong = value.clone();
            change(&mut wrong);
            assert!(!schema().is_valid(&wrong), "change {i}");
        }
        // Machines may be described freely.
        let mut other = value;
        other["backend"]["driver"] = "x".into();
        other["timings"]["gpu"] = 0.5.into();
        assert!(schema().is_valid(&other));
    }

    #[test]
    fn the_keys_that_hold_across_versions() {
        let (text, v) = example_result();
        for key in ["schema_version", "version", "seed", "draws", "interval", "scope", "plan_hash"] {
            assert!(!v[key].is_null(), "{key}");
        }
        assert!(v["backend"]["name"].is_string() && v["backend"].get("adapter").is_some());
        for output in ["emissions_t", "compute_eflop", "it_energy_kwh", "energy_kwh", "atci_kg_per_eflop"] {
            for key in ["mean", "sd", "median"] {
                assert!(v["total"][output][key].is_f64() && v["total"][output]["mcse"][key].is_f64(), "{output} {key}");
            }
            for key in ["interval", "shortest"] {
                assert_eq!(v["total"][output][key].as_array().unwrap().len(), 2, "{output} {key}");
            }
        }
        assert!(v["independent"]["emissions_t"]["mean"].is_f64());
        let ids: Vec<&str> = v["models"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted() && ids.len() == 5);
        assert_eq!(v["models"][0]["provenance"]["compute"]["distribution"], "lognormal(100000, 1.95)");
        assert_eq!(v["models"][0]["provenance"]["hardware"]["distribution"], Value::Null);
        assert!(v["groups"].as_array().unwrap().iter().map(|g| (g["by"].as_str(), g["value"].as_str())).is_sorted());
        let grid = &v["sensitivity"]["groups"][3];
        assert_eq!((&grid["name"], &grid["total"]["lo"]), (&"grid".into(), &grid["total"]["value"]));
        // One model on one line.
        assert!(text.lines().any(|l| l.starts_with("    {\"id\": \"ai2/model-0000\"") && l.ends_with("}},")), "{text}");
    }

    #[test]
    fn a_model_does_not_know_the_others() {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        let all = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let (mut fewer, mut fewer_plan, mut fewer_draws) = (assessment.clone(), plan.clone(), summary.clone());
        fewer.models.remove(1);
        fewer_plan.models.remove(1);
        fewer_draws.models.remove(1);
        let some = posterior::posterior(&fewer, &fewer_plan, &fewer_draws, &oracle, &example::OPTIONS, &Host);
        let line = |text: String, id: &str| {
            let start = format!("    {{\"id\": \"{id}\"");
            text.lines().find(|l| l.starts_with(&start)).unwrap().trim_end_matches(',').to_string()
        };
        let (a, b) = (result(&all, &assessment).0, result(&some, &fewer).0);
        assert_ne!(a.lines().count(), b.lines().count());
        for model in &fewer.models {
            assert_eq!(line(a.clone(), &model.id), line(b.clone(), &model.id));
        }
        assert_ne!(line(a, &fewer.models[0].id), line(b, &fewer.models[1].id));
    }

    #[test]
    fn a_line_for_a_number_that_differs() {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        let p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let mut q = p.clone();
        assert_eq!(result(&p, &assessment).0, result(&q, &assessment).0);
        q.models[2].emissions_t.sd = Some(0.1 + 0.2);
        let (a, b) = (result(&p, &assessment).0, result(&q, &assessment).0);
        let differing: Vec<_> = a.lines().zip(b.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(differing.len(), 1);
        assert!(differing[0].1.contains("0.30000000000000004"));
    }
}
