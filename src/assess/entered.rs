//! Which priors a row's training run entered: the evidence behind a prior is no evidence once more.
//!
//! The shipped runs (`fixtures/reported_training_emissions.csv`, column `sets_prior`) set the priors of MFU and of node
//! power, with their spreads. A row that names one of them says nothing of the effects on these. It is named by its id or
//! by its row of Epoch (`epoch_model`), however these are written; a row of the same series and size is that run too.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::default_effects::DefaultEffect;
use super::effects::EffectKey;
use super::lognormal::LogNormal;
use crate::portfolio::Model;
use crate::portfolio::run_names::{normal, stem};

/// The priors that a run entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entered {
    mfu: bool,
    k_node: bool,
}

/// A shipped run that set priors, or (by its name alone) none.
struct Shipped {
    parameters: Option<f64>,
    entered: Entered,
}

struct Runs {
    by_name: HashMap<String, Entered>,
    by_series: HashMap<String, Vec<Shipped>>,
}

static RUNS: LazyLock<Runs> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/reported_training_emissions.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let mut runs = Runs { by_name: HashMap::new(), by_series: HashMap::new() };
    for record in reader.records().filter_map(Result::ok) {
        let cell = |name: &str| header.iter().position(|h| h == name).and_then(|at| record.get(at)).unwrap_or("");
        let sets = |prior: &str| cell("sets_prior").split(';').any(|p| p.trim() == prior);
        let entered = Entered { mfu: sets("mfu"), k_node: sets("k_node") };
        runs.by_name.entry(normal(cell("model"))).or_insert(entered);
        if entered != Entered::default() {
            let run = Shipped { parameters: cell("parameters").parse().ok(), entered };
            runs.by_series.entry(stem(cell("model"))).or_default().push(run);
        }
    }
    runs
});

/// Sizes within this of each other are one.
const SAME_SIZE: f64 = 0.03;

impl Entered {
    /// Of the run that a row names.
    pub fn of(model: &Model) -> Entered {
        let size = model.parameters.as_ref().map(|n| LogNormal::of(n).median);
        let names = [Some(model.id.as_str()), model.labels.get("epoch_model")];
        let found = names.into_iter().flatten().map(|name| Entered::named(name, size));
        found.fold(Entered::default(), Entered::or)
    }

    fn named(name: &str, size: Option<f64>) -> Entered {
        if let Some(known) = RUNS.by_name.get(&normal(name)) {
            return *known;
        }
        let alike =
            |run: &&Shipped| run.parameters.zip(size).is_none_or(|(a, b): (f64, f64)| (a / b - 1.0).abs() < SAME_SIZE);
        let of_series = RUNS.by_series.get(&stem(name)).map_or(&[][..], Vec::as_slice);
        of_series.iter().filter(alike).map(|run| run.entered).fold(Entered::default(), Entered::or)
    }

    fn or(self, other: Entered) -> Entered {
        Entered { mfu: self.mfu || other.mfu, k_node: self.k_node || other.k_node }
    }

    /// Whether the run entered the prior behind this effect.
    pub fn has(self, key: &EffectKey) -> bool {
        match DefaultEffect::of(key) {
            Some(DefaultEffect::MfuPrior(_) | DefaultEffect::MfuFamily) => self.mfu,
            Some(DefaultEffect::KNode) => self.k_node,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::Value;

    fn of(id: &str, size: Option<f64>) -> (bool, bool) {
        let found = Entered::of(&Model { id: id.into(), parameters: size.map(Value::Number), ..Model::default() });
        (found.mfu, found.k_node)
    }

    /// The `sets_prior` column, read by eye.
    #[test]
    fn runs_are_known_by_the_names_that_rows_have() {
        for id in ["LLaMA-7B", "huggyllama/llama-7b", "meta-llama/Llama-2-70b-hf", "deepseek-ai/DeepSeek-V3-Base"] {
            assert_eq!(of(id, None), (true, false), "{id}");
        }
        assert_eq!(of("google-t5/t5-11b", Some(11e9)), (true, true));
        assert_eq!(of("Meena", None), (false, true));
        assert_eq!(of("GPT-3 175B (davinci)", Some(1.75e11)), (true, true));
        // Another size of the series, another series, and a run of the file that set nothing.
        assert_eq!(of("GPT-3 13B", Some(1.3e10)), (false, false));
        assert_eq!(of("Qwen/Qwen2.5-72B", Some(7.2e10)), (false, false));
        assert_eq!(of("Luminous Base 13B", Some(1.3e10)), (false, false));
        let epoch = [("epoch_model".to_string(), "Llama 3.1-405B".to_string())];
        let row = Model { id: "x".into(), labels: epoch.into(), ..Model::default() };
        assert!(Entered::of(&row).mfu && !Entered::of(&Model { labels: Default::default(), ..row }).mfu);
    }
}
