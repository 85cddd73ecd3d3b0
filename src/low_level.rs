//! Every stage by itself: what the program `haze`, the tests and the benchmarks are made of.
//!
//! **This module is not covered by the promise of a version number**: names here change when the inside of the library
//! does. What the types at the root of the crate offer does not.
//!
//! ```
//! use carbonhaze::low_level::{compile, gauge::workload::Workload};
//! use carbonhaze::assess;
//!
//! let portfolio = Workload::Lognormals.portfolio(10);
//! let plan = compile::compile(&assess(&portfolio)?)?;
//! assert_eq!(plan.models.len(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

macro_rules! stages {
    ($($(#[$doc:meta])* $stage:ident),* $(,)?) => {
        $($(#[$doc])* pub mod $stage {
            pub use crate::$stage::*;
        })*
    };
}

stages! {
    /// What is known of each model: reading and checking files, distributions.
    ///
    /// ```
    /// use carbonhaze::low_level::portfolio::{Distribution, Value, models_file, cell::NoFiles};
    ///
    /// let bytes = b"id,parameters,power_w\nlab/small,7e9,\"normal(400, 40)\"\n";
    /// let file = models_file::read("models.csv".as_ref(), bytes, &NoFiles)?;
    /// assert_eq!(file.models[0].parameters, Some(Value::Number(7e9)));
    /// let normal = Distribution::Normal { mean: 400.0, sd: 40.0 };
    /// assert_eq!(file.models[0].power_w, Some(Value::from(normal)));
    /// # Ok::<(), carbonhaze::Problems>(())
    /// ```
    portfolio,
    /// Files of other tools as rows of a models file.
    ///
    /// ```
    /// use carbonhaze::low_level::import::{GroupBy, Source, recognised};
    ///
    /// let card = b"---\nbase_model: org/base\nco2_eq_emissions: 17\n---\n# A card\n";
    /// let source = Source::new("org/name/README.md".as_ref(), card, GroupBy::Project);
    /// let importer = recognised(&source).unwrap();
    /// assert_eq!(importer.title, "a Hugging Face model card");
    /// let row = &(importer.read)(&source).unwrap().rows[0];
    /// assert_eq!((row.get("id"), row.get("emissions_g")), (Some("org/name"), Some("17")));
    /// ```
    import,
    /// What the known implies: tiers, a distribution for every factor, provenance of each.
    ///
    /// ```
    /// use carbonhaze::low_level::assess::{Slot, Tier, assess};
    /// use carbonhaze::low_level::gauge::workload::Workload;
    ///
    /// let assessment = assess(&Workload::Lognormals.portfolio(3))?;
    /// assert_eq!(assessment.models.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    assess,
    /// From an assessment to the plan that the engine draws.
    ///
    /// ```
    /// use carbonhaze::low_level::gauge::workload::Workload;
    /// use carbonhaze::low_level::{assess, compile};
    ///
    /// // Removing other models changes no number of a model that stays.
    /// let plan = |n| Ok::<_, Box<dyn std::error::Error>>(compile::compile(&assess::assess(&Workload::Lognormals.portfolio(n))?)?);
    /// let (few, many) = (plan(2)?, plan(20)?);
    /// let same = many.models.iter().find(|m| m.key == few.models[0].key);
    /// assert_eq!(same.map(|m| &m.products), Some(&few.models[0].products));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    compile,
    /// Closed forms over an assessment: variance shares, kurtosis, values of disclosure.
    ///
    /// ```
    /// use carbonhaze::low_level::gauge::workload::Workload;
    /// use carbonhaze::low_level::{assess::assess, exact::oracle::oracle};
    ///
    /// // The mean of the total in closed form: it grows with the number of models.
    /// let mean = |n| Ok::<_, Box<dyn std::error::Error>>(oracle(&assess(&Workload::Lognormals.portfolio(n))?).mean_t);
    /// assert!(mean(20)? > mean(10)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    exact,
    /// Which model was made from which: graph, families, shares.
    ///
    /// ```
    /// use carbonhaze::low_level::lineage::Graph;
    /// use carbonhaze::low_level::portfolio::{Base, Model};
    ///
    /// let model = |id: &str, bases: &[&str]| Model {
    ///     id: id.into(),
    ///     base_models: bases.iter().map(|id| Base::of(*id)).collect(),
    ///     ..Model::default()
    /// };
    /// let graph = Graph::new(&[model("base", &[]), model("left", &["base"]), model("right", &["base"]), model("both", &["left", "right"])]);
    /// // The base and three models made of it, the merge once.
    /// assert_eq!(graph.family(graph.node("base").unwrap()).len(), 4);
    /// ```
    lineage,
    /// Sessions: the one place that draws.
    ///
    /// ```
    /// use carbonhaze::low_level::gauge::workload::Workload;
    /// use carbonhaze::low_level::run::{Backend, NoProgress, Session, Settings};
    ///
    /// let session = Session::builder().backend(Backend::Cpu).threads(1).build()?;
    /// let settings = Settings { draws: 1000, ..Settings::default() };
    /// let summary = session.draw(&Workload::Lognormals.plan(10)?, settings, &NoProgress)?;
    /// assert_eq!(summary.totals[0].len(), 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    run,
    /// What the draws say.
    ///
    /// ```
    /// use carbonhaze::low_level::gauge::workload::Workload;
    /// use carbonhaze::{NoProgress, RunOptions, Session};
    ///
    /// let options = RunOptions { draws: Some(10_000), ..RunOptions::default() };
    /// let outcome = Session::builder().build()?.run(&Workload::Lognormals.portfolio(10), &options, &NoProgress)?;
    /// let total = &outcome.posterior.total.emissions_t;
    /// // The total is known to its Monte Carlo standard error only.
    /// assert!(total.mcse.mean < total.sd.map(|sd| sd / 90.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    posterior,
    /// Tables and documents.
    ///
    /// ```
    /// use carbonhaze::low_level::report::numbers;
    ///
    /// // No more digits than are known: here the standard error is 0.2.
    /// assert_eq!(numbers::value(251.1234, Some(0.2)), "251.1");
    /// ```
    report,
    /// Results in public forms: cards, bills of materials, reporting forms.
    ///
    /// ```
    /// use carbonhaze::low_level::export::card::{Block, merged};
    ///
    /// let block = Block { key: "own", lines: vec!["own: 1".to_string()] };
    /// assert_eq!(merged(b"---\nx: 2\n---\n# Card\n", &[block])?, b"---\nx: 2\nown: 1\n---\n# Card\n");
    /// # Ok::<(), String>(())
    /// ```
    export,
    /// Two runs compared in the same draws.
    ///
    /// ```
    /// use carbonhaze::low_level::diff::{Compared, Side};
    /// use carbonhaze::low_level::{gauge::workload::Workload, run::Request};
    /// use carbonhaze::{NoProgress, RunOptions, Session, assess};
    ///
    /// let portfolio = Workload::Lognormals.portfolio(5);
    /// let assessment = assess(&portfolio)?;
    /// let side = Side { portfolio: &portfolio, assessment: &assessment };
    /// let request = RunOptions { draws: Some(1_000), ..RunOptions::default() }.request(&portfolio.study);
    /// let found = Session::builder().build()?.diff([side, side], &request, &NoProgress)?;
    /// // What is the same in both cancels.
    /// assert_eq!(found.emissions_t.difference.mean, Some(0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    diff,
    /// The regressions that missing compute can be imputed by.
    ///
    /// ```
    /// use carbonhaze::low_level::fit::known_compute;
    ///
    /// assert!(known_compute().models.len() > 100);
    /// ```
    fit,
    /// Known answers, replayed on a backend, and workloads to measure one with.
    ///
    /// ```
    /// use carbonhaze::low_level::gauge::workload::Workload;
    ///
    /// assert_eq!(Workload::Lognormals.plan(7)?.models.len(), 7);
    /// # Ok::<(), carbonhaze::RunError>(())
    /// ```
    gauge,
    /// Published runs predicted from less than was published.
    ///
    /// ```
    /// use carbonhaze::low_level::validate::scores::interval_score;
    ///
    /// // Gneiting & Raftery 2007: the width, and 2/α times what an observation is outside by.
    /// assert_eq!(interval_score([1.0, 3.0], 0.1, 2.0), 2.0);
    /// assert_eq!(interval_score([1.0, 3.0], 0.1, 4.0), 22.0);
    /// ```
    validate,
    /// What a total rests on and what it leaves out.
    ///
    /// ```
    /// use carbonhaze::low_level::coverage::two_lists::chapman;
    ///
    /// // Two lists of 100 with 50 in common: about 200 in all (Chapman 1951).
    /// let (all, standard_error) = chapman(100, 100, 50);
    /// assert!((all - 199.0).abs() < 0.1 && standard_error > 0.0);
    /// ```
    coverage,
}
