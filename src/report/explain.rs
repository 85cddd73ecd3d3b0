//! Where every factor of one model comes from, as text for people.

use super::numbers::four_digits;
use crate::assess::{Assessment, Kind, OUTPUTS, Provenance, Slot, Term};
use crate::portfolio::quantile::quantile;

/// Every factor of the model `id`: its distribution, median and central 90 % range (own part, without shared effects),
/// provenance, the shared effects on it, and each output as a product. `None` if there is no such model.
pub fn explain(assessment: &Assessment, id: &str) -> Option<String> {
    let model = assessment.models.iter().find(|m| m.id == id)?;
    let mut out = format!("{}\ntier {}\n", model.id, model.tier.name());
    for (slot, factor) in Slot::ALL.into_iter().zip(&model.factors) {
        let Some(factor) = factor else { continue };
        let d = factor.alone();
        out += &format!(
            "\n{:<11} median {}, own part 90 % from {} to {}\n",
            slot.factor().name(),
            four_digits(quantile(&d, 0.5)),
            four_digits(quantile(&d, 0.05)),
            four_digits(quantile(&d, 0.95))
        );
        out += &format!("  {:<9} {}\n", "own", d.abridged(&four_digits));
        out += &provenance(&factor.provenance);
        for (index, weight) in &factor.shared {
            let Some(effect) = assessment.shared.get(*index) else { continue };
            let gsd = libm::exp((effect.ln_gsd * weight).abs());
            let sign = if *weight < 0.0 { " (inverse)" } else { "" };
            let whose = if effect.value.is_empty() { String::new() } else { format!(" [{}]", effect.value.join(", ")) };
            out += &format!("  {:<9} {}{whose}, GSD {gsd:.3}{sign}\n", "shared", effect.name);
        }
    }
    let further: Vec<_> = model
        .provenance
        .iter()
        .filter(|(name, _)| Slot::ALL.iter().all(|s| s.factor().name() != name.as_str()))
        .collect();
    for (name, p) in further {
        out += &format!("\n{name}\n{}", provenance(p));
    }
    out.push('\n');
    const CHAIN: [(&str, &str); OUTPUTS] =
        [("compute", "EFLOP"), ("IT energy", "kWh"), ("energy", "kWh"), ("emissions", "t")];
    for ((name, unit), term) in CHAIN.into_iter().zip(&model.terms) {
        out += &format!("{name:<11} {unit:<5} = {}\n", product(term));
    }
    Some(out)
}

fn provenance(p: &Provenance) -> String {
    let kind = match p.kind {
        Kind::Disclosed => "disclosed",
        Kind::LookedUp => "looked up",
        Kind::Imputed => "imputed",
        Kind::Default => "default",
        Kind::Guessed => "guessed",
    };
    let chosen = if p.chosen { "; chosen" } else { "" };
    format!("  {kind:<9} {}\n  {:<9} {}{chosen}\n", p.how, "source", p.source)
}

/// A term as text: its constant, then the factors with their powers.
pub(crate) fn product(term: &Term) -> String {
    let mut text = four_digits(term.constant);
    for (slot, power) in Slot::ALL.into_iter().zip(term.powers) {
        let name = slot.factor().name();
        match power {
            0 => {}
            1 => text += &format!(" · {name}"),
            p if p < 0 => text += &format!(" / {name}{}", exponent(-p)),
            p => text += &format!(" · {name}{}", exponent(p)),
        }
    }
    text
}

fn exponent(power: i8) -> String {
    if power == 1 { String::new() } else { format!("^{power}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::portfolio::{Date, Model, Portfolio, Study, Value};

    #[test]
    fn everything_that_is_drawn_is_named() {
        let labels = [("organization", "Meta AI"), ("region", "USA"), ("hardware", "NVIDIA A100")];
        let llama = Model {
            id: "llama".into(),
            labels: labels.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            date: Some(Date { year: 2023, month: None, day: None }),
            parameters: Some(Value::Number(7e9)),
            tokens: Some(Value::Number(2e12)),
            ..Model::default()
        };
        let a = assess(&Portfolio::new(vec![llama], Study::default())).unwrap();
        let text = explain(&a, "llama").unwrap();
        for slot in Slot::ALL {
            assert_eq!(
                text.contains(&format!("\n{:<11} median", slot.factor().name())),
                Slot::ALL.iter().any(|s| s.factor() == slot.factor() && a.models[0].factors[*s as usize].is_some())
            );
        }
        for effect in &a.shared {
            assert!(text.contains(&*effect.name), "{}", effect.name);
        }
        assert!(text.contains("emissions   t     = 2.778e-13 · compute / efficiency · pue · grid"), "{text}");
        assert!(text.contains("6 · N_active · tokens = 8.4000e22 FLOP, GSD 1.05"), "{text}");
        assert_eq!(explain(&a, "lama"), None);
    }
}
