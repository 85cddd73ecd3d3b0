//! What a stated figure covers: location- or market-based, with or without PUE, the accelerators or the node.

use carbonhaze::low_level::assess::{AssessedModel, Assessment, Output, Slot, Tier, assess};
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Basis, Factor, Place, Portfolio, Problems, SharedSpec, Warning};

const HEAD: &str = "id,organization,date,region,hardware,source,gpu_hours,power_w,energy_kwh,energy_includes_pue,pue,\
                    grid_g_per_kwh,emissions_t,emissions_g,emissions_basis,emissions_include_pue,market_g_per_kwh,wue_l_per_kwh";

fn assessed(basis: Basis, rows: &[&[(&str, &str)]]) -> Result<Assessment, Problems> {
    assess(&portfolio(basis, rows))
}

fn portfolio(basis: Basis, rows: &[&[(&str, &str)]]) -> Portfolio {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    // One unit of emissions only may be there.
    let grams = rows.iter().flat_map(|r| r.iter()).any(|(n, _)| *n == "emissions_g");
    let names: Vec<&str> =
        HEAD.split(',').filter(|n| *n != if grams { "emissions_t" } else { "emissions_g" }).collect();
    let mut text = names.join(",");
    for row in rows {
        let cell = |name: &&str| row.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v);
        text = text + "\n" + &names.iter().map(cell).collect::<Vec<_>>().join(",");
    }
    std::fs::write(&path, text + "\n").unwrap();
    let mut portfolio = Portfolio::read(&path).unwrap();
    portfolio.study.scope.basis = basis;
    portfolio
}

fn one(basis: Basis, cells: &[(&str, &str)]) -> (AssessedModel, Vec<Warning>) {
    let row: Vec<_> = [("id", "m"), ("organization", "Lab")].into_iter().chain(cells.iter().copied()).collect();
    let assessment = assessed(basis, &[&row]).unwrap_or_else(|p| panic!("{p:?}"));
    (assessment.models[0].clone(), assessment.warnings)
}

/// An output with every factor at its median.
fn median(m: &AssessedModel, output: Output) -> f64 {
    let term = &m.terms[output as usize];
    let factors = m.factors.iter().zip(term.powers).filter(|(_, p)| *p != 0);
    term.constant * factors.map(|(f, p)| quantile(&f.as_ref().unwrap().alone(), 0.5).powi(p.into())).product::<f64>()
}

/// Standard deviation of ln of a factor's own part, lognormal or not.
fn sd(m: &AssessedModel, slot: Slot) -> f64 {
    let d = &m.factors[slot as usize].as_ref().unwrap().alone();
    // Φ(1) = 0.841345.
    (quantile(d, 0.841_344_746).ln() - quantile(d, 0.158_655_254).ln()) / 2.0
}

fn close(got: f64, want: f64, within: f64) {
    assert!((got / want - 1.0).abs() < within, "{got} {want}");
}

fn told(warnings: &[Warning], rule: &str) -> bool {
    warnings.iter().any(|w| w.rule == rule)
}

/// Llama 3.1 405B's model card: 30.84 million H100 hours at 700 W, 8,930 t location-based, 0 t market-based ("Since 2020,
/// Meta has … matched 100 % of its electricity use with renewable energy").
const LLAMA_405B: [(&str, &str); 6] = [
    ("organization", "Meta AI"),
    ("date", "2024-07"),
    ("region", "USA"),
    ("hardware", "NVIDIA H100 SXM5 80GB"),
    ("gpu_hours", "30.84e6"),
    ("power_w", "700"),
];

fn llama<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    LLAMA_405B.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn a_market_based_figure_is_none_of_a_location_based_scope() {
    let (bare, _) = one(Basis::Location, &llama(&[]));
    let (zero, warnings) = one(Basis::Location, &llama(&[("emissions_t", "0"), ("emissions_basis", "market")]));
    assert!(told(&warnings, "emissions-market-based"));
    assert_eq!((zero.tier, &zero.terms), (Tier::T3, &bare.terms));
    assert!(zero.provenance.contains_key("emissions (not counted)"));
    // 30.84e6 h · 700 W · 1.38 · PUE · US grid: more than the card's 8,930 t, which holds neither node nor PUE.
    close(median(&zero, Output::ItEnergy), 30.84e6 * 0.7 * 1.38, 1e-6);
    assert!(median(&zero, Output::Emissions) > 8_930.0);
    // Negative control: a zero that is location-based, or of no stated basis, is the scope's.
    for basis in ["", "location"] {
        let (own, warnings) = one(Basis::Location, &llama(&[("emissions_t", "0"), ("emissions_basis", basis)]));
        assert_eq!(own.terms[Output::Emissions as usize].constant, 0.0);
        assert!(!told(&warnings, "emissions-market-based"));
    }
}

#[test]
fn a_market_based_scope_takes_the_market_based_figure() {
    let (zero, warnings) = one(Basis::Market, &llama(&[("emissions_t", "0"), ("emissions_basis", "market")]));
    assert_eq!(zero.terms[Output::Emissions as usize].constant, 0.0);
    assert!(!told(&warnings, "market-basis-unknown"));
    // Energy is that of the hours.
    let (hours, _) = one(Basis::Location, &llama(&[]));
    assert_eq!(zero.terms[..3], hours.terms[..3]);
    // 120 t market-based, self-reported beside 700 W an accelerator: times k_node, GSD 1.30 and that of k_node (1.08).
    let figure = [("emissions_t", "120"), ("emissions_basis", "market")];
    let (m, _) = one(Basis::Market, &llama(&figure));
    assert_eq!(m.tier, Tier::T1b);
    close(median(&m, Output::Emissions), 120.0 * 1.38, 1e-9);
    close(sd(&m, Slot::Grid), (1.30f64.ln().powi(2) + 1.08f64.ln().powi(2)).sqrt(), 1e-6);
    assert_eq!(median(&m, Output::Energy), median(&hours, Output::Energy));
    // Without a word on what it was, it is taken for location-based: 120 t contradict the hours there.
    let (_, warnings) = one(Basis::Location, &llama(&figure[..1]));
    assert!(told(&warnings, "disclosures-disagree"));
}

/// Electricity as bought is not that of the grid: a study's effect on the grid leaves it alone.
#[test]
fn effects_on_the_grid_do_not_act_on_electricity_as_bought() {
    let figure = [("emissions_t", "120"), ("emissions_basis", "market")];
    let contract = [("market_g_per_kwh", "50")];
    let combined = [("market_g_per_kwh", "50"), ("energy_kwh", "2.5e7")];
    let of = |basis: Basis, cells: &[(&str, &str)]| {
        let row: Vec<_> = [("id", "m")].into_iter().chain(llama(cells)).collect();
        let mut portfolio = portfolio(basis, &[&row]);
        portfolio.study.shared.push(SharedSpec { factor: Factor::Grid, gsd: 1.5, by: vec![], place: Place::default() });
        let a = assess(&portfolio).unwrap();
        let grid = a.models[0].factors[Slot::Grid as usize].as_ref().unwrap();
        grid.shared.iter().any(|(effect, _)| *a.shared[*effect].source == *"the study file")
    };
    for cells in [&figure[..], &contract, &combined] {
        assert!(!of(Basis::Market, cells), "{cells:?}");
    }
    // Negative control: where no contract is known the grid of the place stands in, and is the grid.
    assert!(of(Basis::Market, &[]) && of(Basis::Location, &contract) && of(Basis::Location, &combined));
}

#[test]
fn a_market_intensity_takes_the_place_of_the_grid() {
    for (stated, want) in [("0", 0.0), ("50", 50.0), ("40 to 60", 2400f64.sqrt())] {
        let (m, warnings) = one(Basis::Market, &llama(&[("market_g_per_kwh", stated)]));
        let kwh = median(&m, Output::Energy);
        assert!((median(&m, Output::Emissions) - kwh * want / 1e6).abs() <= 1e-9 * kwh, "{stated}");
        assert!(warnings.is_empty(), "{warnings:?}");
        // It changes nothing where the scope is location-based.
        let [a, b] = [&[][..], &[("market_g_per_kwh", stated)]].map(|c| one(Basis::Location, &llama(c)).0);
        assert_eq!(a, b);
    }
    // The place is needed no more.
    let nowhere = [("energy_kwh", "1000"), ("region", "Frnce")];
    assert!(assessed(Basis::Market, &[&[("id", "a"), nowhere[0], nowhere[1], ("market_g_per_kwh", "30")]]).is_ok());
    assert!(assessed(Basis::Market, &[&[("id", "a"), nowhere[0], nowhere[1]]]).is_err());
}

#[test]
fn location_based_emissions_become_energy_before_the_market_intensity() {
    // 40 t at 400 g/kWh are 100 MWh; at 25 g/kWh 2.5 t.
    let row = [("emissions_t", "40"), ("grid_g_per_kwh", "400"), ("market_g_per_kwh", "25"), ("hardware", "A100")];
    let (m, _) = one(Basis::Market, &row);
    close(median(&m, Output::Energy), 1e5, 1e-9);
    close(median(&m, Output::Emissions), 2.5, 1e-9);
    let (l, _) = one(Basis::Location, &row);
    close(median(&l, Output::Emissions), 40.0, 1e-9);
}

#[test]
fn where_no_contract_is_known_the_location_stands_in_and_that_is_said() {
    let rows: [&[(&str, &str)]; 3] = [
        &[("id", "a"), ("energy_kwh", "1000"), ("region", "France")],
        &[("id", "b"), ("energy_kwh", "1000"), ("region", "France"), ("market_g_per_kwh", "0")],
        &[("id", "c"), ("emissions_t", "3"), ("region", "France")],
    ];
    let market = assessed(Basis::Market, &rows).unwrap();
    let location = assessed(Basis::Location, &rows).unwrap();
    let found: Vec<_> = market.warnings.iter().filter(|w| w.rule == "market-basis-unknown").collect();
    assert_eq!(found.iter().map(|w| w.value.as_str()).collect::<Vec<_>>(), ["2 of 3 models"]);
    assert_eq!(market.models[0].terms, location.models[0].terms);
    assert_eq!(market.models[2].terms, location.models[2].terms);
    assert_ne!(market.models[1].terms, location.models[1].terms);
    assert!(!told(&location.warnings, "market-basis-unknown"));
}

#[test]
fn grams_of_a_market_based_figure_cannot_be_checked_and_that_is_said() {
    let cells = [("emissions_g", "120"), ("emissions_basis", "market"), ("energy_kwh", "1e6")];
    let (_, warnings) = one(Basis::Market, &cells);
    assert!(told(&warnings, "emissions-unit-unchecked"));
    // Location-based it is checked against the energy.
    let (_, warnings) = one(Basis::Location, &[cells[0], cells[2]]);
    assert!(!told(&warnings, "emissions-unit-unchecked"));
}

/// BLOOM 176B (arXiv 2211.02001, Table 3): 433,196 kWh of the accelerators at 57 g/kWh are the 24.69 t it tells as dynamic
/// consumption, before the PUE of 1.2 of Jean Zay.
const BLOOM: [(&str, &str); 5] = [
    ("hardware", "NVIDIA A100 SXM4 80 GB"),
    ("pue", "1.2"),
    ("grid_g_per_kwh", "57"),
    ("emissions_t", "24.69"),
    ("source", "metered"),
];

#[test]
fn emissions_that_left_out_the_overhead_get_it() {
    let bloom = |word| BLOOM.into_iter().chain([("emissions_include_pue", word)]).collect::<Vec<_>>();
    let (without, _) = one(Basis::Location, &bloom("no"));
    close(median(&without, Output::ItEnergy), 433_196.0, 1e-3);
    close(median(&without, Output::Energy), 1.2 * 433_196.0, 1e-3);
    close(median(&without, Output::Emissions), 1.2 * 24.69, 1e-9);
    // Negative control: with it, and where nothing is said.
    for word in ["yes", ""] {
        let (with, _) = one(Basis::Location, &bloom(word));
        close(median(&with, Output::Energy), 433_196.0, 1e-3);
        close(median(&with, Output::Emissions), 24.69, 1e-9);
    }
    // Market-based figures alike.
    let market: Vec<_> =
        bloom("no").into_iter().chain([("emissions_basis", "market"), ("energy_kwh", "433196")]).collect();
    close(median(&one(Basis::Market, &market).0, Output::Emissions), 1.2 * 24.69, 1e-9);
}

#[test]
fn the_same_beside_energy() {
    // Self-reported energy (IT) of 1e5 kWh and emissions of 60 t without PUE at 400 g/kWh, which make 1.5e5 kWh.
    let row = |word| {
        [
            ("hardware", "A100"),
            ("pue", "1.4"),
            ("grid_g_per_kwh", "400"),
            ("energy_kwh", "1e5"),
            ("emissions_t", "60"),
            ("emissions_include_pue", word),
        ]
    };
    let (m, warnings) = one(Basis::Location, &row("no"));
    assert!(!told(&warnings, "disclosures-disagree"));
    // Weighted by precision: errors 1.20 and 1.30, the grid's own part of GSD 1.10. The method's 1.08 is shared, and
    // emissions that nobody metered do not inform it.
    let grid = (1.10f64.ln().powi(2) - 1.08f64.ln().powi(2)).sqrt();
    let (e, g) = (1.20f64.ln().powi(-2), 1.0 / (1.30f64.ln().powi(2) + grid * grid));
    let it = ((e * 1e5f64.ln() + g * 1.5e5f64.ln()) / (e + g)).exp();
    close(median(&m, Output::ItEnergy), it, 2e-3);
    close(median(&m, Output::Energy), 1.4 * it, 2e-3);
    // What the energy leaves of the difference between figure and energy · grid goes to both in proportion.
    let gain = grid * grid / (1.0 / e + 1.30f64.ln().powi(2) + grid * grid);
    // Loadings on shared effects, and what these move, are rounded to 1/256.
    close(median(&m, Output::Emissions), 1.4 * it * 0.4e-3 * 1.5f64.powf(gain), 4e-3);
    // Negative control: with the overhead the figure makes 1.5e5 / 1.4 kWh of IT energy.
    let (with, _) = one(Basis::Location, &row("yes"));
    assert!(median(&with, Output::ItEnergy) < 0.95 * it);
    // A PUE of 1 makes no difference.
    let [a, b] = ["no", "yes"].map(|word| {
        let mut cells = row(word);
        cells[1] = ("pue", "1");
        one(Basis::Location, &cells).0
    });
    close(median(&a, Output::Emissions), median(&b, Output::Emissions), 1e-9);
    close(median(&a, Output::ItEnergy), median(&b, Output::ItEnergy), 1e-9);
}

/// LLaMA-7B, arXiv 2302.13971, Table 15: 36 MWh with PUE 1.1, made of 400 W an accelerator; here without its hours.
#[test]
fn reported_energy_of_the_accelerators_alone_is_lifted_to_the_node() {
    let row = [
        ("hardware", "NVIDIA A100 SXM4 80 GB"),
        ("energy_kwh", "36000"),
        ("energy_includes_pue", "yes"),
        ("pue", "1.1"),
        ("power_w", "400"),
    ];
    let (m, _) = one(Basis::Location, &row);
    // k_node of A100: 1.52, GSD 1.15; a self-reported figure: GSD 1.20.
    close(median(&m, Output::Energy), 36_000.0 * 1.52, 1e-9);
    close(sd(&m, Slot::Reporting), (1.20f64.ln().powi(2) + 1.15f64.ln().powi(2)).sqrt(), 1e-6);
    // Not where it was metered, came from a calculator with a bias of its own (CodeCarbon, 1.32), holds the host (600 W
    // is more than the chip's TDP), or nothing says that it was accelerators alone.
    let changed = |more: &[(&'static str, &'static str)]| {
        let mut cells: Vec<_> = row.into_iter().filter(|(n, _)| more.iter().all(|(m, _)| m != n)).collect();
        cells.extend(more.iter().filter(|(_, v)| !v.is_empty()));
        median(&one(Basis::Location, &cells).0, Output::Energy)
    };
    close(changed(&[("source", "metered")]), 36_000.0, 1e-9);
    close(changed(&[("source", "calculator")]), 36_000.0 * 1.32, 1e-9);
    close(changed(&[("power_w", "600")]), 36_000.0, 1e-9);
    close(changed(&[("power_w", "")]), 36_000.0, 1e-9);
}
