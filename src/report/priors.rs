//! The priors in force, as a study file that can be edited and given back.

use crate::assess::priors::{Entry, Priors};
use crate::assess::typical;

/// All priors as a study file: `[priors.*]` tables with unit and source above each entry, and of fitted ones how uncertain
/// they are and what they rest on. Edited and passed to `haze run`, it replaces the defaults by what it says. Comments at its head give the spread of emissions that the
/// priors combine to for a typical model of each tier.
pub fn priors(priors: &Priors) -> String {
    let mut out = String::from(
        "# Priors of carbonhaze. To change some, keep their lines, name your models file and run this file as a study:\n\
         # models = [\"models.csv\"]\n#\n# They combine to these geometric standard deviations of the emissions of a typical \
         model\n# (USA, 2024, its organisation known; A100 where the tier knows the chip):\n",
    );
    for (tier, gsd) in typical::gsds(priors) {
        out += &format!("#   tier {:<3} {gsd:.2}\n", tier.name());
    }
    let mut section = "";
    for entry in priors.entries() {
        if entry.section() != section {
            section = entry.section();
            out += &format!("\n[priors.{section}]\n");
        }
        let note = match (entry.replaced, entry.chosen) {
            (true, _) => "; replaced",
            (false, true) => "; chosen",
            (false, false) => "",
        };
        out += &format!("# {}; {}{note}{}\n", entry.unit, entry.source, fitted(priors, entry));
        out += &format!("{} = {}\n", entry.key(), entry.text);
    }
    out
}

/// What a fitted prior rests on, and its uncertainty: of a power its standard deviation, of all else a GSD.
fn fitted(priors: &Priors, entry: &Entry) -> String {
    let evidence = entry.evidence.as_ref().map_or(String::new(), |evidence| format!("; from {evidence}"));
    let uncertainty = match priors.uncertainty(entry.name()) {
        Some(sd) if entry.is_power() => format!("; itself uncertain by ± {sd:.2}"),
        Some(sd) => format!("; itself uncertain by a GSD of {:.2}", libm::exp(sd)),
        None => String::new(),
    };
    evidence + &uncertainty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{AssessedModel, assess};
    use crate::portfolio::{Date, Model, Portfolio, Study, Value};

    fn section(text: &str) -> toml::Table {
        let table: toml::Table = text.parse().unwrap();
        table["priors"].as_table().unwrap().clone()
    }

    /// A row whose chip, place and organisation are known.
    fn row(study: Study) -> AssessedModel {
        let labels = [("hardware", "NVIDIA A100"), ("region", "USA"), ("organization", "Meta AI")];
        let model = Model {
            id: "m".to_string(),
            labels: labels.map(|(k, v)| (k.to_string(), v.to_string())).into(),
            date: Some(Date { year: 2023, month: None, day: None }),
            parameters: Some(Value::Number(7e9)),
            tokens: Some(Value::Number(2e12)),
            ..Model::default()
        };
        assess(&Portfolio::new(vec![model], study)).unwrap().models.remove(0)
    }

    #[test]
    fn printed_priors_read_back_to_the_same() {
        let text = priors(&Priors::defaults());
        let mut table = section(&text);
        let with = |priors: &toml::Table| Study { priors: priors.clone(), ..Study::default() };
        let printed = Priors::of(&with(&table)).unwrap();
        assert_eq!(section(&priors(&printed)), section(&text));
        let drawn = |m: AssessedModel| m.factors.map(|f| f.map(|f| (f.distribution, f.shared)));
        let default = drawn(row(Study::default()));
        assert_eq!(drawn(row(with(&table))), default);
        // Negative control: one edited value shows in the text and in the result.
        if let Some(toml::Value::Table(grid)) = table.get_mut("grid") {
            grid.insert("usa_gsd".to_string(), toml::Value::Float(2.0));
        }
        assert_ne!(section(&priors(&Priors::of(&with(&table)).unwrap())), section(&text));
        assert_ne!(drawn(row(with(&table))), default);
        assert!(text.lines().filter(|l| l.starts_with('#')).count() > 100);
        assert!(text.contains("# gCO2e/kWh; where such models"));
        // exp of √(0.0107² + 0.0028² + 0.0992²) is 1.105.
        let a100 = text.lines().find(|l| l.contains("12 runs of 6 families") && l.contains("itself")).unwrap();
        assert!(a100.ends_with("; from 12 runs of 6 families; itself uncertain by a GSD of 1.10"), "{a100}");
        assert!(text.contains("itself uncertain by ± 0.04\nmfu_h100_exponent = 0.215\n"));
    }

    /// Who states a median and not how uncertain it is has said what it is.
    #[test]
    fn a_replaced_prior_has_no_uncertainty_but_the_one_it_is_given() {
        let loads = |text: &str| {
            let priors = text.parse::<toml::Table>().unwrap();
            let m = row(Study { priors, ..Study::default() });
            m.factors.iter().flatten().flat_map(|f| &f.shared).count()
        };
        let default = loads("");
        assert_eq!(loads("[efficiency]\nmfu_a100 = 0.4"), default - 3);
        assert_eq!(loads("[efficiency]\nmfu_a100 = 0.4\nmfu_a100_loadings = \"0.1\""), default - 2);
        assert_eq!(loads("[efficiency]\nmfu_v100 = 0.4"), default);
    }
}
