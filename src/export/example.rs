//! A model whose every factor is fixed, so that each figure can be worked out by hand.
//!
//! ```text
//! compute     3.6e20 FLOP = 360 EFLOP
//! IT energy   3.6e20 FLOP / 1e11 FLOP/J = 3.6e9 J = 1000 kWh
//! energy      1000 kWh · 1.2 = 1200 kWh
//! emissions   1200 kWh · 500 g/kWh = 600 kg = 0.6 t
//! ```

use super::ModelFigures;
use crate::assess::assess;
use crate::portfolio::cell::NoFiles;
use crate::portfolio::{Portfolio, Study, models_file};
use crate::run::{NoProgress, OneModel, RunOptions, Session};

/// The columns of [`FIXED`].
pub const HEAD: &str = "id,organization,date,region,hardware,hardware_count,gpu_hours,base_model,relation,parameters,tokens,\
compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh";

/// The row described above.
pub const FIXED: &str = "lab/fixed,\"The \"\"Lab\"\"\",2024-05-17,France,A100,8,,org/base,finetune,7e9,2e9,\
fixed(3.6e20),fixed(1e11),fixed(1.2),fixed(500)";

/// A row with nothing fixed.
pub const LOOSE: &str = "lab/loose,Lab,2024,France,A100,384,100000,,,7e9,2e12,,,,";

/// The portfolio of these rows.
pub fn portfolio(rows: &[&str]) -> Portfolio {
    let text = format!("{HEAD}\n{}\n", rows.join("\n"));
    let file = models_file::read("models.csv".as_ref(), text.as_bytes(), &NoFiles).unwrap();
    Portfolio::new(file.models, Study::default())
}

/// One model of the portfolio, drawn.
pub fn drawn(portfolio: &Portfolio, id: &str) -> OneModel {
    let options = RunOptions { draws: Some(4_000), ..RunOptions::default() };
    let assessment = assess(portfolio).unwrap();
    let session = Session::builder().build().unwrap();
    session.one_model(portfolio, &assessment, id, &options, &NoProgress).unwrap().unwrap()
}

/// What a form gets of one row, handed to `test`.
pub fn with<T>(row: &str, test: impl FnOnce(&ModelFigures<'_>) -> T) -> T {
    let portfolio = portfolio(&[row]);
    let one = drawn(&portfolio, &portfolio.models[0].id);
    test(&ModelFigures::of(&portfolio.models[0], &one).unwrap())
}
