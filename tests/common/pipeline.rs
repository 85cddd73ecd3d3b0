//! The way of the data from an assessment to a posterior, as `haze run` goes it.

use carbonhaze::assess::Assessment;
use carbonhaze::engine::Host;
use carbonhaze::posterior::Posterior;
use carbonhaze::run::{Backend, Drawn, NoProgress, Session, Settings};

pub struct Run(Drawn);

/// Compiles and draws.
pub fn run(assessment: Assessment, seed: u64, draws: u64) -> Run {
    let session = Session::builder().backend(Backend::Cpu).build().expect("a thread pool");
    let settings = Settings { seed, draws, ..Settings::default() };
    Run(session.draw_assessed(assessment, settings, &NoProgress).expect("compiles, and is not interrupted"))
}

impl std::ops::Deref for Run {
    type Target = Drawn;

    fn deref(&self) -> &Drawn {
        &self.0
    }
}

impl std::ops::DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Drawn {
        &mut self.0
    }
}

impl Run {
    pub fn posterior(&self, interval: f64) -> Posterior {
        self.0.posterior(interval, &Host)
    }
}
