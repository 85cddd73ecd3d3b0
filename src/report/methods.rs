//! `methods.md`: a methods section for the paper that uses a result, with the settings of the run in words.
//!
//! Everything it says follows from the study, the assessment and the draws; two runs that give the same result give the
//! same text on any machine, so it names no folder, device or date. Works are cited by their BibTeX keys, as Pandoc and
//! Quarto read them (`[@key]`). Names that come from input stand in code spans, so that none of them is read as Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use super::estimate::{self, interval, range_with_errors, value, value_with_error};
use super::numbers::{self, Quantity, counted};
use super::priors;
use super::references::CARBONHAZE;
use super::scope;
use crate::assess::Tier;
use crate::assess::priors::Priors;
use crate::portfolio::formats::STDIN;
use crate::portfolio::problem::{shorten, visible};
use crate::portfolio::{Basis, Imputation, Portfolio, Run, Study};
use crate::posterior::{Estimate, Posterior, VarianceShare};
use crate::run::Outcome;

/// Shares of the variance below this are not named.
const NAMED_SHARE: f64 = 0.01;

/// The text, ending in a line end.
pub fn methods(portfolio: &Portfolio, outcome: &Outcome, priors: &Priors) -> String {
    let study = &portfolio.study;
    let version = env!("CARGO_PKG_VERSION");
    let parts = [
        "# Methods".to_string(),
        format!(
            "Written by Carbonhaze {version} for the paper that uses this result; edit it as you need. The keys in square \
             brackets are in `references.bib`, the priors with their sources in `priors.csv`, all numbers in `result.json`."
        ),
        "## Result".to_string(),
        result(&outcome.posterior),
        "## Method".to_string(),
        chain(portfolio),
        scope_in_words(study),
        disclosures(portfolio),
        shared_effects(study, outcome),
        of_priors(priors),
        draws(&outcome.posterior),
        "## Models by tier".to_string(),
        tiers(&outcome.posterior),
        changed_priors(priors),
        "## What the interval does not hold".to_string(),
        caveats(study, outcome),
        "## To repeat it".to_string(),
        repeat(outcome),
    ];
    let kept: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    kept.join("\n\n") + "\n"
}

/// The keys that a methods text cites.
pub fn keys(text: &str) -> BTreeSet<&str> {
    let after = text.split('@').skip(1);
    after.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("")).collect()
}

fn cite(keys: &[&str]) -> String {
    format!("[{}]", keys.iter().map(|key| format!("@{key}")).collect::<Vec<_>>().join("; "))
}

/// A name from input as a code span: on one line, and closed by as many backticks as it needs.
fn code(name: &str) -> String {
    let name = visible(name);
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if name.is_empty() {
        return "` `".to_string();
    }
    let blank = if name.starts_with('`') || name.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{name}{blank}{fence}")
}

fn result(p: &Posterior) -> String {
    let total = &p.total;
    let unit = estimate::unit(Quantity::Emissions, &total.emissions_t);
    let level = numbers::level(p.level);
    let of = |e: &Estimate| {
        format!(
            "mean {} {unit}, median {} {unit}, {level} credible interval (equal-tailed) {} {unit}",
            value_with_error(e.mean, e.mcse.mean, unit.factor),
            value(e.median, e.mcse.median, unit.factor),
            range_with_errors(e.interval, e.mcse.interval, unit.factor),
            unit = unit.name,
        )
    };
    let mut out = format!(
        "Training emissions of {}: {}. ± is the Monte Carlo standard error. With every shared effect drawn separately for \
         each model, which is what adding up independent models amounts to, they would be: {}.",
        counted(total.models, "model"),
        of(&total.emissions_t),
        of(&total.independent_t)
    );
    let further: [(&str, &Estimate, Quantity); 3] = [
        ("facility energy", &total.energy_kwh, Quantity::Energy),
        ("compute", &total.compute_eflop, Quantity::Compute),
        ("emissions per compute (ATCI)", &total.atci_kg_per_eflop, Quantity::CarbonPerCompute),
    ];
    let of_further = further.map(|(name, e, quantity)| {
        let unit = estimate::unit(quantity, e);
        let mean = value(e.mean, e.mcse.mean, unit.factor);
        format!("{name} {mean} {} [{}]", unit.name, interval(e, unit.factor))
    });
    let _ = write!(out, " From the same draws, with the same kind of interval: {}.", of_further.join("; "));
    if p.oracle.mean_t.is_finite() {
        let _ = write!(out, " The mean in closed form is {} {}.", unit.exact(p.oracle.mean_t), unit.name);
    }
    out
}

fn chain(portfolio: &Portfolio) -> String {
    let study = &portfolio.study;
    let name = |path: &Path| match path.file_name() {
        Some(name) if name != STDIN => code(&shorten(&name.to_string_lossy())),
        _ => "standard input".to_string(),
    };
    let names: Vec<String> = study.models.iter().map(|path| name(path)).collect();
    let of = if names.is_empty() { String::new() } else { format!(" of {}", names.join(", ")) };
    let imputed = match (study.imputation, &study.fits) {
        (Imputation::Tokens, _) => "is imputed from size and date, by a prior of the training tokens of the period",
        (Imputation::Regression, None) => "is imputed by regressions of the training tokens on size and date",
        (Imputation::Regression, Some(_)) => "is imputed by regressions that the study brings along",
    };
    format!(
        "We estimated the training emissions of the {}{of} with Carbonhaze {} {}. Emissions are compute / efficiency · PUE · \
         grid intensity. Compute is what a row states, else 6 · active parameters · tokens {}, else it {imputed}. Efficiency \
         is the model FLOP utilisation {} times the chip's peak, over the power of a node per accelerator; chips are those \
         of {}, the ratio of node power to thermal design power rests on {}. Grid intensities are life-cycle means by \
         country and year {}.",
        counted(portfolio.models.len(), "model"),
        env!("CARGO_PKG_VERSION"),
        cite(&[CARBONHAZE]),
        cite(&["kaplan2020"]),
        cite(&["chowdhery2022"]),
        cite(&["epoch_hardware"]),
        cite(&["newkirk2025", "patterson2021"]),
        cite(&["owid_grid"]),
    )
}

fn scope_in_words(study: &Study) -> String {
    let mut out = format!("Scope: {}.", scope::phrase(study.scope));
    match study.scope.basis {
        Basis::Location => out += " The intensity is that of the grid at the place, not that of purchased electricity.",
        Basis::Market => {
            let _ = write!(
                out,
                " The intensity is that of the electricity as bought where a row states it, and that of the grid elsewhere, \
                 since residual mixes are not available {}.",
                cite(&["ghg2015"])
            );
        }
    }
    match study.scope.run {
        Run::Final => out += " Failed runs and experiments on the way to a model are not counted.",
        Run::Development => {
            let _ = write!(
                out,
                " All runs of a model's development are counted, by a multiplier {}.",
                cite(&["cottier2024", "morrison2025"])
            );
        }
    }
    out + " Inference and the making of hardware are not counted."
}

fn disclosures(portfolio: &Portfolio) -> String {
    let completed = portfolio.models.iter().filter(|model| !model.published.is_empty()).count();
    let facts = match (portfolio.study.facts, completed) {
        (false, _) => "No table of published runs was used.".to_string(),
        (true, 0) => "The table of published runs that comes with the program names none of the models.".to_string(),
        (true, n) => format!(
            "{} completed with published figures of the training run (accelerator-hours, tokens, place, base model), each \
             with the document that states it (`haze explain` names it); what a row itself states was left as it is, except \
             in lists that others compiled.",
            if n == 1 { "1 model was".to_string() } else { format!("{} models were", numbers::count(n)) }
        ),
    };
    format!(
        "A stated figure takes the place of everything before it in that chain and has a measurement error of its own; \
         several figures of one model are combined in logarithms as a linear Gaussian system, and figures that contradict \
         each other are weighed as a mixture of readings {}. {facts}",
        cite(&["box1968"])
    )
}

fn shared_effects(study: &Study, outcome: &Outcome) -> String {
    let mut draws_by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in &outcome.assessment.shared {
        *draws_by_name.entry(&effect.name).or_default() += 1;
    }
    if draws_by_name.is_empty() {
        return "No effect is shared by several models: every model is drawn by itself.".to_string();
    }
    let shown = |(name, draws): (&&str, &usize)| {
        // Names of a study's own effects hold names of columns.
        format!("{} ({})", code(name), counted(*draws, "draw"))
    };
    let listed: Vec<String> = draws_by_name.iter().map(shown).collect();
    let default = if study.default_shared { "" } else { " The effects that are shared by default were left out." };
    let own = match study.shared.len() {
        0 => String::new(),
        n => format!(" The study adds {} of its own.", counted(n, "shared effect")),
    };
    let learned = match study.learn {
        true => {
            "Their sizes are priors. The effects themselves have their posterior given all rows of the file: a linear Gaussian \
             update in logarithms, by rows that state two figures or more and by rows that state how long they trained."
        }
        false => "Their sizes are priors, and no row informs them (`learn = false`).",
    };
    format!(
        "What several models have in common is drawn once for all of them (shared effects): {}. Each multiplies a factor of \
         the models exposed to it; the variance of those that act by default is part of the spread that the evidence \
         shows.{default}{own} {learned}",
        listed.join("; ")
    )
}

fn of_priors(all: &Priors) -> String {
    let entries = all.entries();
    let chosen = entries.iter().filter(|entry| entry.chosen).count();
    let cited: Vec<&str> = priors::cited(all).into_iter().collect();
    let rest = if cited.is_empty() { String::new() } else { format!(" They rest on {}.", cite(&cited)) };
    format!(
        "Of {} priors {} are choices without a firm source, and marked as such in `priors.csv`.{rest}",
        numbers::count(entries.len()),
        numbers::count(chosen)
    )
}

fn draws(p: &Posterior) -> String {
    let mut out = format!(
        "The distribution of the total was drawn by Monte Carlo {} with {} (seed {}) from the counter-based stream \
         Philox4x32-10 {}, in integer arithmetic that gives the same bytes on any machine. Standard errors are those of the \
         jackknife over 32 batches {}, of quantiles those of spacings of order statistics {}.",
        cite(&["jcgm2008"]),
        counted(p.draws, "draw"),
        p.seed,
        cite(&["salmon2011"]),
        cite(&["shao1989"]),
        cite(&["bofinger1975"])
    );
    let large = |share: &&VarianceShare| share.total >= NAMED_SHARE;
    let mut shares: Vec<&VarianceShare> = p.oracle.groups.iter().filter(large).collect();
    shares.sort_by(|a, b| b.total.total_cmp(&a.total).then_with(|| a.name.cmp(&b.name)));
    if !shares.is_empty() {
        let shown: Vec<String> = shares
            .iter()
            .map(|s| {
                format!(
                    "{} {} ({} with interactions)",
                    s.name,
                    numbers::percent(s.first_order),
                    numbers::percent(s.total)
                )
            })
            .collect();
        let _ = write!(
            out,
            " The variance of the total was divided among the factors in closed form {}: {}.",
            cite(&["hoeffding1948", "sobol2001"]),
            shown.join(", ")
        );
    }
    out
}

fn tiers(p: &Posterior) -> String {
    let mut out = String::from("| tier | the row states | models | share of the mean |\n|---|---|---:|---:|");
    for tier in &p.concentration.tiers {
        let _ = write!(
            out,
            "\n| {} | {} | {} | {} |",
            tier.tier.name(),
            stated(tier.tier),
            numbers::count(tier.models),
            numbers::share(tier.share)
        );
    }
    out
}

fn stated(tier: Tier) -> &'static str {
    match tier {
        Tier::T1 => "emissions, metered or audited",
        Tier::T1b => "emissions",
        Tier::T2 => "energy",
        Tier::T3 => "accelerator-hours",
        Tier::T4 => "compute and the chip",
        Tier::T4b => "compute",
        Tier::T5 => "parameters",
        Tier::T6 => "less",
    }
}

fn changed_priors(all: &Priors) -> String {
    let changed: Vec<String> = all
        .entries()
        .iter()
        .filter(|entry| entry.replaced)
        .map(|entry| format!("- {}.{} = {}", entry.section(), entry.key(), code(&shorten(&entry.text))))
        .collect();
    if changed.is_empty() { String::new() } else { format!("## Priors changed by the study\n\n{}", changed.join("\n")) }
}

fn caveats(study: &Study, outcome: &Outcome) -> String {
    let p = &outcome.posterior;
    let weak = |tier: Tier| matches!(tier, Tier::T5 | Tier::T6);
    let imputed: f64 = p.concentration.tiers.iter().filter(|t| weak(t.tier)).filter_map(|t| t.share).sum();
    let mut lines = vec![
        "The interval is a statement about the total given this list of models, the scope and the priors. Which models are \
         on the list and the forms of the priors are outside it."
            .to_string(),
        format!(
            "{} of the mean rests on models whose compute is imputed (tiers 5 and 6).",
            numbers::percent(imputed)
        ),
        "The intervals were tested on the few dozen training runs that publish their figures; how well they cover elsewhere is \
         not known."
            .to_string(),
        "Grid intensities are annual averages of generation.".to_string(),
    ];
    if study.scope.run == Run::Final {
        lines.push("Emissions of a model's whole development are a multiple of those of its final run.".to_string());
    }
    if !study.shared.is_empty() {
        lines.push(
            "The shared effects that the study adds come on top of the spread that the evidence shows.".to_string(),
        );
    }
    if p.warnings > 0 {
        lines.push(format!("{} about the input: `haze check` shows them.", counted(p.warnings, "warning")));
    }
    // They are sentences of the program about the whole result, without names from input.
    lines.extend(outcome.cautions().into_iter().map(|caution| visible(&caution)));
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

fn repeat(outcome: &Outcome) -> String {
    format!(
        "`haze run study.toml` with Carbonhaze {} gives the same bytes of `result.json`, `backend` and `timings` apart. Plan: \
         `{}` (SHA-256).",
        env!("CARGO_PKG_VERSION"),
        outcome.info.plan_hash
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CommonMark 0.31, section 6.1: a code span ends at a run of as many backticks as it began with.
    #[test]
    fn names_are_code_and_nothing_else() {
        let cases = [
            ("models.csv", "`models.csv`"),
            ("*a* [@b] <c>", "`*a* [@b] <c>`"),
            ("a`b", "``a`b``"),
            ("``a", "``` ``a ```"),
            ("a\nb", "`a b`"),
            ("", "` `"),
        ];
        for (name, want) in cases {
            assert_eq!(code(name), want);
        }
    }

    #[test]
    fn keys_are_read_back() {
        let text = format!("a {} b {}.", cite(&["x1", "y_2"]), cite(&["z"]));
        assert_eq!(text, "a [@x1; @y_2] b [@z].");
        assert_eq!(keys(&text), ["x1", "y_2", "z"].into());
    }
}
