//! A run: `cargo run --release --example run [models.csv or study.toml]`

use std::error::Error;

use carbonhaze::{NoProgress, Output, Portfolio, RunOptions, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("fixtures/open_weights.csv".into());
    let portfolio = Portfolio::read(&path)?;
    println!("{}: {} models, {} warnings", path, portfolio.models.len(), portfolio.warnings.len());

    // The GPU for long runs where there is one, else the CPU: the result is the same to the last bit.
    let session = Session::builder().build()?;
    let options = RunOptions { draws: Some(100_000), level: Some(0.9), ..RunOptions::default() };
    let outcome = session.run(&portfolio, &options, &NoProgress)?;

    for (output, name) in [(Output::Emissions, "t CO2e"), (Output::Energy, "kWh"), (Output::Compute, "EFLOP")] {
        let total = outcome.total(output);
        if let (Some(median), Some([low, high])) = (total.median, total.interval) {
            println!("{median:>12.4e} {name:<6} 90 % from {low:.4e} to {high:.4e}");
        }
    }

    let mut models = outcome.posterior.models.clone();
    models.sort_by(|a, b| b.share.unwrap_or(0.0).total_cmp(&a.share.unwrap_or(0.0)));
    println!("largest contributors:");
    for model in models.iter().take(5) {
        println!("{:>6.1} %  {}", 100.0 * model.share.unwrap_or(0.0), model.id);
    }
    Ok(())
}
