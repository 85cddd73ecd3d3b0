//! Cells that are zero, unknown, or given as they are.

use super::*;
use crate::portfolio::{Relation, Source};

#[test]
fn zeros_drop_terms_and_are_never_missing() {
    let (_, free) = one(Model { compute_flop: number(0.0), ..model("z", &LLAMA) });
    assert!(free.terms.iter().all(|t| t.constant == 0.0 && t.powers == [0; SLOTS]));
    let (_, green) = one(Model { grid_g_per_kwh: number(0.0), ..llama("g") });
    assert_eq!(green.terms[Output::Emissions as usize].constant, 0.0);
    assert!(green.terms[Output::Energy as usize].constant > 0.0);
    // Market-based totals can be 0 while energy was used.
    let (_, market) = one(Model { emissions_kg: number(0.0), ..llama("m") });
    assert_eq!(market.terms[Output::Emissions as usize].constant, 0.0);
    assert!(market.terms[Output::Energy as usize].constant > 0.0);
    // Also where less is known than that: compute is imputed, or a derivative's, as without the zero.
    let lora = Model { relation: Some(Relation::Lora), ..model("n", &LLAMA) };
    for row in [model("n", &LLAMA), Model { parameters: number(7e9), ..model("n", &LLAMA) }, lora] {
        let (_, zero) = one(Model { emissions_kg: number(0.0), ..row.clone() });
        let (_, without) = one(row);
        assert_eq!((zero.terms[3].constant, zero.tier), (0.0, without.tier));
        assert_eq!(zero.terms[..3], without.terms[..3]);
        assert!(zero.terms[0].constant > 0.0);
    }
    // A zero that would be divided by is a problem.
    let p = run(vec![Model { efficiency_flop_per_j: number(0.0), ..llama("d") }], study()).unwrap_err();
    assert!(p[0].message.contains("divided"), "{p:?}");
}

#[test]
fn unknown_chips_and_regions_are_named_where_they_are_needed() {
    let bad = |id: &str| model(id, &[("hardware", "NVIDIA H110"), ("region", "Frnce")]);
    let needed = Model { compute_flop: number(1e22), ..bad("a") };
    let problems = run(vec![needed.clone()], study()).unwrap_err();
    let columns: Vec<_> = problems.iter().map(|p| (p.place.column.as_str(), p.value.as_str())).collect();
    assert_eq!(columns, [("region", "Frnce"), ("hardware", "NVIDIA H110")]);
    assert!(problems[0].message.contains("France") && problems[1].message.contains("H100"), "{problems:?}");
    let given = Model { efficiency_flop_per_j: number(2e11), grid_g_per_kwh: number(300.0), ..needed };
    assert!(run(vec![given], study()).is_ok());
}

#[test]
fn an_unknown_chip_does_not_matter_where_the_energy_is_stated() {
    let cpu = Model {
        energy_kwh: number(5.0),
        source: Source::Calculator,
        ..model("c", &[("hardware", "Intel Xeon"), ("region", "USA")])
    };
    let (a, m) = one(cpu.clone());
    // Calculators on CPUs read low by 1.61.
    close(at_medians(&m, Output::ItEnergy), 5.0 * 1.61, 1e-9);
    let warned = |a: &Assessment| a.warnings.iter().map(|w| w.rule).collect::<Vec<_>>();
    assert_eq!(warned(&a), ["unknown-chip-ignored"]);
    assert_eq!(m.factors[Slot::Efficiency as usize].as_ref().unwrap().provenance.kind, Kind::Guessed);
    let (a, _) = one(Model { energy_kwh: None, emissions_kg: number(5.0), ..cpu.clone() });
    assert_eq!(warned(&a), ["unknown-chip-ignored"]);
    // Not needed at all, and needed.
    assert!(one(Model { compute_flop: number(1e18), ..cpu.clone() }).0.warnings.is_empty());
    assert!(run(vec![Model { energy_kwh: None, gpu_hours: number(1.0), ..cpu }], study()).is_err());
}

#[test]
fn a_stated_power_that_holds_the_host_is_not_multiplied() {
    // TPU v3: TDP 450 W, k 0.63, so the node takes 283.5 W; Patterson et al. (arXiv 2104.10350, table 4) state 283 W as
    // the system's power per accelerator.
    let tpu = |watts: f64| Model {
        gpu_hours: number(1000.0),
        power_w: number(watts),
        ..model("t", &[("hardware", "TPU v3"), ("region", "USA")])
    };
    close(at_medians(&one(tpu(283.0)).1, Output::ItEnergy), 283.0, 1e-9);
    close(at_medians(&one(tpu(310.0)).1, Output::ItEnergy), 310.0, 1e-9);
    // The TDP itself, and an accelerator alone: 450 · 0.63 and 200 · 0.63 W.
    close(at_medians(&one(tpu(450.0)).1, Output::ItEnergy), 283.5, 1e-9);
    close(at_medians(&one(tpu(200.0)).1, Output::ItEnergy), 126.0, 1e-9);
    // The same for emissions: 283 W is complete, 200 W lacks 283.5/200.
    let kg = |watts: f64| Model { gpu_hours: None, emissions_kg: number(1000.0), ..tpu(watts) };
    close(at_medians(&one(kg(283.0)).1, Output::Emissions), 1.0, 1e-9);
    close(at_medians(&one(kg(200.0)).1, Output::Emissions), 1.4175, 1e-9);
}

#[test]
fn a_given_mfu_stands_as_it_is() {
    let given = Distribution::Uniform { lo: 0.3, hi: 0.5 };
    let with = |mfu| one(Model { mfu: Some(mfu), ..llama("m") }).1;
    let m = with(Value::Distribution(given.clone()));
    let f = m.factors[Slot::Efficiency as usize].as_ref().unwrap();
    // 312e12 FLOP/s over 1.52 · 400 W.
    let Distribution::Uniform { lo, hi } = f.distribution else { panic!("{f:?}") };
    close(lo, 0.3 * 312e12 / 608.0, 1e-9);
    close(hi, 0.5 * 312e12 / 608.0, 1e-9);
    assert_eq!((f.provenance.kind, f.provenance.how.contains("0.76")), (Kind::Disclosed, false));
    assert!(f.provenance.how.contains("k_node without its own spread"));
    let hours = Model { gpu_hours: number(1.0), mfu: Some(Value::Distribution(given.clone())), ..model("h", &LLAMA) };
    let throughput = one(hours).1.factors[Slot::Compute as usize].as_ref().unwrap().distribution.clone();
    assert_eq!(throughput, given.scaled(312e12));
    // A number is lowered: 0.5 · 0.76.
    let m = with(Value::Number(0.5));
    let f = m.factors[Slot::Efficiency as usize].as_ref().unwrap();
    close(quantile(&f.distribution, 0.5), 0.38 * 312e12 / 608.0, 1e-9);
    assert!(f.provenance.how.starts_with("MFU 0.5 as given × 0.76"), "{}", f.provenance.how);
}
