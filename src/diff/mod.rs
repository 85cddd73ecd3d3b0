//! Two runs compared in the same random draws: how far the totals lie apart, and why.
//!
//! Both are drawn under one seed with as many draws, so that what they have in common is the same in both in every draw and
//! cancels: the difference has a narrower interval than two independent runs would give it. `models` says which models
//! moved, `factors` which factors, `settings` what was set otherwise. Common random numbers: Glasserman and Yao 1992,
//! doi:10.1287/mnsc.38.6.884.

pub mod factors;
pub mod models;
pub mod settings;

use serde::Serialize;

use crate::assess::{Assessment, Output};
use crate::compile::compile;
use crate::engine::Host;
use crate::engine::stats::estimate::Mcse;
use crate::engine::stats::ratio::{ratios, widest_shift};
use crate::portfolio::Portfolio;
use crate::posterior::counts::Counts;
use crate::posterior::joint::{Chance, Column};
use crate::posterior::{Estimate, of_ratios};
use crate::run::{Extent, Outcome, Progress, Request, RunError, RunOptions, Session};

use factors::FactorMove;
use models::Moves;
use settings::Setting;

/// One of the two.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What was read.
    pub portfolio: &'a Portfolio,
    /// What it implies.
    pub assessment: &'a Assessment,
}

/// An output in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// In the first.
    pub first: Estimate,
    /// In the second.
    pub second: Estimate,
    /// Second less first, draw by draw.
    pub difference: Estimate,
    /// The same if the two runs were independent: each draw of the first with another draw of the second.
    pub independent: Estimate,
    /// Second over first, draw by draw; [`Estimate::NONE`] where the first is 0.
    pub ratio: Estimate,
    /// How likely the second is above the first.
    pub second_is_more: Chance,
    /// Difference of the means over the mean of the first; `None` where that is 0.
    pub change: Option<f64>,
}

/// Everything that `haze diff` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// Both runs.
    pub outcomes: [Outcome; 2],
    /// Total emissions in t.
    pub emissions_t: Compared,
    /// Compute in EFLOP.
    pub compute_eflop: Compared,
    /// Facility energy in kWh.
    pub energy_kwh: Compared,
    /// Which models moved.
    pub models: Moves,
    /// Which factors moved, and what each does alone.
    pub factors: Vec<FactorMove>,
    /// What was set otherwise.
    pub settings: Vec<Setting>,
}

impl Session {
    /// Draws two portfolios under one seed and compares them. Both have as many draws as the one that needs more of them for
    /// the precision that is asked for.
    ///
    /// # Errors
    /// Those of [`Session::run`].
    pub fn diff(&self, sides: [Side<'_>; 2], request: &Request, progress: &dyn Progress) -> Result<Diff, RunError> {
        let draws = match request.extent {
            Extent::Draws(draws) => draws,
            Extent::Precision(_) => {
                let mut most = 0;
                for side in sides {
                    let plan = compile(side.assessment)?;
                    most = most.max(self.settled(request, &plan, progress)?.draws);
                }
                most
            }
        };
        let options = RunOptions::from(Request { extent: Extent::Draws(draws), ..*request });
        let run = |side: Side<'_>| -> Result<Outcome, RunError> {
            let mut outcome = self.run_assessed(side.portfolio, side.assessment.clone(), &options, progress)?;
            outcome.posterior.precision = outcome.posterior.precision.asked(request.precision());
            Ok(outcome)
        };
        let [first, second] = sides;
        let outcomes = [run(first)?, run(second)?];
        let compared = |output: Output| Compared::of([&outcomes[0], &outcomes[1]], output, request.level);
        Ok(Diff {
            emissions_t: compared(Output::Emissions),
            compute_eflop: compared(Output::Compute),
            energy_kwh: compared(Output::Energy),
            models: models::moves(&outcomes),
            factors: factors::moves([&outcomes[0].assessment, &outcomes[1].assessment]),
            settings: settings::differences([&first.portfolio.study, &second.portfolio.study]),
            outcomes,
        })
    }
}

impl Compared {
    /// An output of two runs of one seed with as many draws. Of other runs draws have nothing in common, and where one has
    /// more of them they are left out.
    pub fn of([first, second]: [&Outcome; 2], output: Output, level: f64) -> Compared {
        let empty = Counts::none(0, 0);
        let [mut a, mut b] = [first, second].map(|outcome| outcome.draws.get(output).unwrap_or(&empty).clone());
        let draws = a.counts.len().min(b.counts.len());
        a.counts.truncate(draws);
        b.counts.truncate(draws);
        let column = |counts: &Counts| Column::new(0.0, counts.counts.clone(), counts.unit);
        let (mut difference, second_is_more) = column(&b).above(&column(&a), level, &Host);
        if difference.sd == Some(0.0) && difference.mean == Some(0.0) {
            // Of what is the same in every draw.
            difference.mcse = Mcse::NOTHING;
        }
        let some = draws > 0 && a.counts.iter().all(|count| *count > 0);
        let ratio = || of_ratios(ratios(&Host, b.side(), a.side(), widest_shift(b.side(), a.side()), 0), level, 1.0);
        let ratio = if some { ratio() } else { Estimate::NONE };
        b.counts.rotate_left(draws / 2);
        let (independent, _) = column(&b).above(&column(&a), level, &Host);
        let [first, second] = [first, second].map(|outcome| *outcome.total(output));
        let change = difference.mean.zip(first.mean.filter(|mean| *mean > 0.0)).map(|(d, mean)| d / mean);
        Compared { first, second, difference, independent, ratio, second_is_more, change }
    }
}
