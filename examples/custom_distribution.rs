//! A distribution of one's own in a cell: what is known of a figure is written as it is known.
//!
//! `cargo run --release --example custom_distribution`

use std::error::Error;

use carbonhaze::{Distribution, NoProgress, Output, Portfolio, RunOptions, Session, Value};

fn main() -> Result<(), Box<dyn Error>> {
    // Two readings of one report (the first three times as likely), and an expert's least, most likely and largest value.
    let models = "id,energy_kwh,grid_g_per_kwh\n\
        lab/metered,430000,\n\
        lab/two-readings,\"mixture(0.75: lognormal(430000, 1.1), 0.25: lognormal(900000, 1.1))\",\n\
        lab/expert,\"pert(200000, 430000, 1500000)\",\"triangular(20, 60, 120)\"\n";
    let path = std::env::temp_dir().join(format!("carbonhaze-{}.csv", std::process::id()));
    std::fs::write(&path, models)?;
    let portfolio = Portfolio::read(&path);
    std::fs::remove_file(&path)?;
    let mut portfolio = portfolio?;

    // The same from a program: the report turned out to mean the lower reading.
    if let Some(model) = portfolio.models.iter_mut().find(|m| m.id == "lab/two-readings") {
        println!("read: {:?}", model.energy_kwh);
        model.energy_kwh = Some(Value::from(Distribution::LogNormal { median: 430_000.0, gsd: 1.1 }));
    }

    let session = Session::builder().build()?;
    let options = RunOptions { draws: Some(100_000), ..RunOptions::default() };
    let outcome = session.run(&portfolio, &options, &NoProgress)?;
    for model in &outcome.posterior.models {
        if let (Some(median), Some([low, high])) = (model.emissions_t.median, model.emissions_t.interval) {
            println!("{:<18} {median:>6.1} t, 95 % from {low:.1} to {high:.1} t", model.id);
        }
    }
    println!("total: mean {:.1} t", outcome.total(Output::Emissions).mean.unwrap_or(0.0));
    Ok(())
}
