//! Rules: each with a row that trips it alone, and a neighbour that trips nothing.

use carbonhaze::portfolio::{Portfolio, Study, rules};

use crate::studies::study;
use crate::{listed, models};

fn warned(text: &str) -> Vec<&'static str> {
    let file = models(text).unwrap_or_else(|p| panic!("{text:?}:{}", listed(&p)));
    let mut found: Vec<&'static str> = file.warnings.iter().map(|w| w.rule).collect();
    let portfolio = Portfolio { models: file.models, study: Study::default() };
    found.extend(rules::check(&portfolio).iter().map(|w| w.rule));
    found
}

/// Rule, header, row (or rows) that trip it, row that does not.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("emissions-thousandfold", "id,emissions_kg,energy_kwh", "a,4e5,1000", "a,400,1000"),
    ("emissions-thousandfold", "id,emissions_kg,energy_kwh", "a,0.4,1000", "a,20,1000"),
    ("emissions-thousandfold", "id,emissions_kg,energy_kwh,grid_g_per_kwh", "a,30,1e5,400", "a,3e4,1e5,400"),
    ("emissions-thousandfold", "id,emissions_kg,gpu_hours", "a,2e5,1e3", "a,200,1e3"),
    ("emissions-thousandfold", "id,emissions_kg,compute_flop", "a,1e9,3e23", "a,5.5e5,3e23"),
    ("emissions-for-size", "id,emissions_kg,parameters", "a,1e9,7e9", "a,1e5,7e9"),
    ("emissions-for-size", "id,emissions_kg,parameters,relation", "a,0.01,7e9,", "a,0.01,7e9,lora"),
    ("energy-hours-power", "id,energy_kwh,gpu_hours,power_w", "a,4e5,1e3,400", "a,600,1e3,400"),
    ("copied-from-base", "id,base_model,compute_flop", "a,,1e21\nb,a,1e21", "a,,1e21\nb,a,1e20"),
    ("mfu-high", "id,mfu", "a,0.72", "a,0.65"),
    ("mfu-one", "id,mfu", "a,1", "a,0.6"),
    ("sparse-peak", "id,efficiency_flop_per_j", "a,4e12", "a,1.4e12"),
    ("tokens-in-billions", "id,tokens", "a,300", "a,3e11"),
    ("parameters-in-billions", "id,parameters", "a,7", "a,7e9"),
    ("active-above-total", "id,parameters,active_parameters", "a,7e9,4e10", "a,4e10,7e9"),
    ("compute-in-eflop", "id,compute_flop,parameters", "a,3e5,7e9", "a,3e23,7e9"),
    ("pue-high", "id,pue", "a,3", "a,1.6"),
    ("grid-high", "id,grid_g_per_kwh", "a,1500", "a,1100"),
    ("grid-in-kg", "id,grid_g_per_kwh", "a,0.4", "a,20"),
    ("power-high", "id,power_w", "a,10200", "a,1400"),
    ("date-range", "id,date", "a,1924", "a,2024"),
    ("sigma-large", "id,tokens", "a,\"lognormal(1e12, 8)\"", "a,\"lognormal(1e12, 7)\""),
    ("gsd-one", "id,tokens", "a,\"lognormal(1e12, 1.0001)\"", "a,\"lognormal(1e12, 1.05)\""),
];

#[test]
fn each_rule_warns_and_its_neighbour_does_not() {
    for (rule, header, bad, fine) in CASES {
        assert_eq!(warned(&format!("{header}\n{bad}\n")), [*rule], "{header}: {bad}");
        assert!(warned(&format!("{header}\n{fine}\n")).is_empty(), "{header}: {fine}");
    }
    assert_eq!(warned("id,emission_kg\na,5\n"), ["almost-a-column"]);
    assert_eq!(warned("id,tier\na,1\n"), ["tier-column"]);
    assert!(warned("id,emissions_kg,level\na,5,1\n").is_empty());
}

#[test]
fn shared_effects_have_their_guard_rails_too() {
    let text = "models = \"a.csv\"\n[[shared]]\nfactor = \"grid\"\ngsd = 9\n\
                [[shared]]\nfactor = \"grid\"\ngsd = 1.0005\n[[shared]]\nfactor = \"grid\"\ngsd = 1.3\n";
    let found = rules::check(&Portfolio { models: Vec::new(), study: study(text).0 });
    let found: Vec<_> = found.iter().map(|w| (w.rule, w.place.line)).collect();
    assert_eq!(found, [("shared-sigma-large", 2), ("shared-gsd-one", 5)]);
}

#[test]
fn every_listed_rule_has_a_case() {
    let others = ["almost-a-column", "tier-column", "shared-sigma-large", "shared-gsd-one"];
    for (rule, _) in rules::RULES {
        assert!(others.contains(&rule) || CASES.iter().any(|case| case.0 == rule), "{rule} is not tested");
    }
}
