//! The way of the data from an assessment to a posterior, as `haze run` goes it.

use carbonhaze::assess::Assessment;
use carbonhaze::compile::compile;
use carbonhaze::engine::plan::{self, Plan};
use carbonhaze::engine::{Host, Summary};
use carbonhaze::exact::oracle::oracle;
use carbonhaze::posterior::{self, Options, Posterior};
use carbonhaze::run::{Backend, NoProgress, Session, Settings};

pub struct Run {
    pub assessment: Assessment,
    pub plan: Plan,
    pub summary: Summary,
    pub seed: u64,
}

/// Compiles and draws.
pub fn run(assessment: Assessment, seed: u64, draws: u64) -> Run {
    let plan = compile(&assessment).expect("the assessment compiles");
    let session = Session::builder().backend(Backend::Cpu).build().expect("a thread pool");
    let settings = Settings { seed, draws, ..Settings::default() };
    let summary = session.draw(&plan, settings, &NoProgress).expect("not interrupted");
    Run { assessment, plan, summary, seed }
}

impl Run {
    pub fn posterior(&self, interval: f64) -> Posterior {
        let discretisation_bound = plan::error::relative_bound(&self.plan, carbonhaze::assess::OUTPUTS);
        let options = Options { interval, seed: self.seed, discretisation_bound };
        posterior::posterior(&self.assessment, &self.plan, &self.summary, &oracle(&self.assessment), &options, &Host)
    }
}
