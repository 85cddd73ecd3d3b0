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
    assert_eq!(warned(&a), ["unknown-chip"]);
    assert_eq!(m.factors[Slot::Efficiency as usize].as_ref().unwrap().provenance.kind, Kind::Guessed);
    let (a, _) = one(Model { energy_kwh: None, emissions_kg: number(5.0), ..cpu.clone() });
    assert_eq!(warned(&a), ["unknown-chip"]);
    assert_eq!(warned(&one(Model { compute_flop: number(5e18), ..cpu.clone() }).0), ["unknown-chip"]);
    // Without a name there is nothing to warn of.
    let named = Model { labels: model("c", &[("region", "USA")]).labels, ..cpu };
    assert!(one(named).0.warnings.is_empty());
}

/// A name that is like no chip: the row is as one that names none, and the warning names it.
#[test]
fn a_name_like_no_chip_leaves_the_prior() {
    let hours = |hardware: &[(&str, &str)]| {
        let labels = [&[("region", "USA")][..], hardware].concat();
        one(Model { gpu_hours: number(1000.0), ..model("z", &labels) })
    };
    let (a, zorgon) = hours(&[("hardware", "Zorgon Z9")]);
    let (quiet, none) = hours(&[]);
    assert_eq!(
        a.warnings.iter().map(|w| (w.rule, w.value.as_str())).collect::<Vec<_>>(),
        [("unknown-chip", "Zorgon Z9")]
    );
    assert!(quiet.warnings.is_empty());
    assert_eq!(zorgon.terms, none.terms);
    for (x, y) in zorgon.factors.iter().flatten().zip(none.factors.iter().flatten()) {
        assert_eq!((&x.distribution, &x.shared), (&y.distribution, &y.shared));
    }
    assert!(zorgon.provenance["hardware"].how.contains("Zorgon Z9"), "{:?}", zorgon.provenance["hardware"]);
    // A known chip gives something else.
    assert_ne!(hours(&[("hardware", "V100")]).1.factors, none.factors);
}

/// A slip is refused where the chip is needed, and a warning where hours and power, or an efficiency, are stated.
#[test]
fn a_slip_stops_the_run_only_where_the_chip_is_needed() {
    let row = Model { gpu_hours: number(1000.0), ..model("s", &[("hardware", "NVIDIA H110"), ("region", "USA")]) };
    let problems = run(vec![row.clone()], study()).unwrap_err();
    assert!(problems[0].message.contains("H100"), "{problems:?}");
    let (a, m) = one(Model { power_w: number(350.0), ..row.clone() });
    assert_eq!(a.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), ["unknown-chip"]);
    assert!(a.warnings[0].message.contains("H100"), "{}", a.warnings[0]);
    assert_eq!(m.tier, Tier::T3);
    let (a, _) = one(Model { efficiency_flop_per_j: number(2e11), ..row });
    assert_eq!(a.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), ["unknown-chip"]);
}

#[test]
fn a_number_of_chips_in_the_cell_is_no_part_of_the_name() {
    let hours = |hardware: &str| {
        one(Model { gpu_hours: number(1000.0), ..model("n", &[("hardware", hardware), ("region", "USA")]) })
    };
    let (_, bare) = hours("A100");
    for cell in ["8xA100", "8 x A100", "A100 x8", "8 A100s"] {
        let (a, counted) = hours(cell);
        assert!(a.warnings.is_empty(), "{cell}");
        for (x, y) in counted.factors.iter().flatten().zip(bare.factors.iter().flatten()) {
            assert_eq!(x.distribution, y.distribution, "{cell}");
        }
        assert_eq!(counted.provenance["hardware"].how, "8 × NVIDIA A100", "{cell}");
    }
    assert_eq!(bare.provenance["hardware"].how, "NVIDIA A100");
    // Against a column that says something else.
    let row = |count| Model { hardware_count: Some(count), ..model("n", &[("hardware", "8xA100"), ("region", "USA")]) };
    let warned = |count| {
        one(Model { gpu_hours: number(1.0), ..row(count) }).0.warnings.iter().map(|w| w.rule).collect::<Vec<_>>()
    };
    assert_eq!((warned(8.0), warned(16.0)), (vec![], vec!["hardware-count-differs"]));
}

/// L40S: a TDP of 350 W (mlco2/impact), no peak in the tables: energy by its power, compute by the chips of the year.
#[test]
fn a_chip_without_a_peak_has_its_power() {
    let hours = |hardware: &str| {
        one(Model { gpu_hours: number(1000.0), ..model("l", &[("hardware", hardware), ("region", "USA")]) })
    };
    let (a, l40s) = hours("L40S");
    assert_eq!(a.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), ["chip-without-figures"]);
    let (_, l40) = hours("L40");
    // The L40 has 300 W (Epoch AI) and the same prior for its node.
    close(at_medians(&l40s, Output::ItEnergy) / at_medians(&l40, Output::ItEnergy), 350.0 / 300.0, 1e-9);
    // Without a TDP either, the year's chips stand in.
    let (_, a30) = hours("A30");
    assert!(a30.provenance["hardware"].how.contains("A30"), "{:?}", a30.provenance["hardware"]);
    assert_eq!(a30.provenance["hardware"].kind, Kind::Guessed);
}

#[test]
fn a_place_like_none_leaves_the_prior_and_a_state_is_told() {
    let at = |region: &str| {
        one(Model { energy_kwh: number(1000.0), ..model("p", &[("region", region), ("hardware", "A100")]) })
    };
    let rules = |region: &str| at(region).0.warnings.iter().map(|w| w.rule).collect::<Vec<_>>();
    assert_eq!(rules("Atlantis"), ["unknown-place"]);
    assert_eq!(rules("CA, USA"), ["place-by-country"]);
    assert!(rules("USA").is_empty() && rules("Paris, France").is_empty() && rules("us-east-1a").is_empty());
    let grid = |region: &str| at(region).1.factors[Slot::Grid as usize].as_ref().unwrap().distribution.clone();
    assert_eq!(grid("Atlantis"), grid("Multinational"));
    assert_eq!(grid("Boston, MA, USA"), grid("USA"));
    assert_ne!(grid("Paris, France"), grid("USA"));
    // Two places: refused with both.
    let georgia = Model { energy_kwh: number(1000.0), ..model("g", &[("region", "Georgia")]) };
    let problems = run(vec![georgia], study()).unwrap_err();
    assert!(problems[0].message.contains("GEO") && problems[0].message.contains("Georgia, USA"), "{problems:?}");
    // With the intensity stated, the place is not needed.
    let stated =
        Model { grid_g_per_kwh: number(300.0), energy_kwh: number(1.0), ..model("s", &[("region", "Atlantis")]) };
    assert!(one(stated).0.warnings.is_empty());
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
    let m = with(Value::from(given.clone()));
    let f = m.factors[Slot::Efficiency as usize].as_ref().unwrap();
    // 312e12 FLOP/s over 1.52 · 400 W.
    let Distribution::Uniform { lo, hi } = f.distribution else { panic!("{f:?}") };
    close(lo, 0.3 * 312e12 / 608.0, 1e-9);
    close(hi, 0.5 * 312e12 / 608.0, 1e-9);
    assert_eq!((f.provenance.kind, f.provenance.how.contains("0.76")), (Kind::Disclosed, false));
    assert!(f.provenance.how.contains("k_node without its own spread"));
    let hours = Model { gpu_hours: number(1.0), mfu: Some(Value::from(given.clone())), ..model("h", &LLAMA) };
    let throughput = one(hours).1.factors[Slot::Compute as usize].as_ref().unwrap().distribution.clone();
    assert_eq!(throughput, given.scaled(312e12));
    // A number is lowered: 0.5 · 0.76.
    let m = with(Value::Number(0.5));
    let f = m.factors[Slot::Efficiency as usize].as_ref().unwrap();
    close(quantile(&f.distribution, 0.5), 0.38 * 312e12 / 608.0, 1e-9);
    assert!(f.provenance.how.starts_with("MFU 0.5 as given × 0.76"), "{}", f.provenance.how);
}
