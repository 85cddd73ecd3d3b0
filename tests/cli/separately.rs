//! Water, embodied emissions and development: reported separately, from the same draws, against arithmetic, closed forms
//! and a float Monte Carlo that shares no code with the program.

use carbonhaze::low_level::portfolio::Further;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use serde_json::Value;

use crate::{MODELS, errors, folder, outcome, printed, result};

/// One number of a prior, so that it has no spread.
const FIXED: &str = "\
models = [\"models.csv\"]
[outputs]
water = true
embodied = true
[priors.water]
closed_loop = 0
wue = 2
grid_unknown = 4
[priors.embodied]
kg_per_gpu_hour = 0.03
";

fn mean(e: &Value) -> f64 {
    e["mean"].as_f64().unwrap()
}

fn close(got: f64, want: f64) -> bool {
    (got / want - 1.0).abs() < 1e-6
}

/// a: 1e20 FLOP / 1e11 FLOP/J = 277.78 kWh, · 1.2 = 333.33 kWh. b: 1,000 h · 1 kW = 1,000 kWh, · 1.5 = 1,500 kWh.
/// Water at the site 2 L/kWh · 277.78 + 0.5 L/kWh · 1,000, at the stations 4 L/kWh · 1,833.33. b embodies 1,000 h · 0.03 kg.
#[test]
fn fixed_values_give_the_arithmetic() {
    let text = "id,compute_flop,efficiency_flop_per_j,gpu_hours,energy_kwh,pue,grid_g_per_kwh,wue_l_per_kwh,hardware\n\
                a,fixed(1e20),fixed(1e11),,,fixed(1.2),fixed(300),,\n\
                b,,,fixed(1000),fixed(1000),fixed(1.5),fixed(300),fixed(0.5),A100\n";
    let b_alone: String = text.lines().filter(|l| !l.starts_with("a,")).map(|l| format!("{l}\n")).collect();
    let dir = folder(&[("models.csv", text), ("study.toml", FIXED)]);
    let total = result(dir.path(), &["study.toml", "--draws", "100"])["total"].take();
    let site = (2.0 * 1e9 / 3.6e6 + 500.0) / 1000.0;
    let grid = 4.0 * (1.2e9 / 3.6e6 + 1500.0) / 1000.0;
    for (key, want) in [("water_site_m3", site), ("water_grid_m3", grid), ("water_m3", site + grid)] {
        assert!(close(mean(&total[key]), want) && !close(mean(&total[key]), 1.001 * want), "{key}: {}", total[key]);
    }
    let dir = folder(&[("models.csv", &b_alone), ("study.toml", FIXED)]);
    let total = result(dir.path(), &["study.toml", "--draws", "20000"])["total"].take();
    // Hours stated beside energy have the error of stated hours where they are a plain figure: GSD 1.10.
    let want = 0.03 * (0.5 * 1.1_f64.ln().powi(2)).exp();
    let (got, error) = (mean(&total["embodied_t"]), total["embodied_t"]["mcse"]["mean"].as_f64().unwrap());
    assert!((got - want).abs() < 4.0 * error && (got - 1.02 * want).abs() > 4.0 * error, "{got} ± {error}, {want}");
}

/// Rates without spread: in every draw water at the site is 2 L per kWh of IT energy, so that the order statistics are
/// those of the energy. With another seed they are not.
#[test]
fn the_draws_are_those_of_the_headline() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", FIXED)]);
    let found = result(dir.path(), &["study.toml", "--draws", "5000"]);
    let other = result(dir.path(), &["study.toml", "--draws", "5000", "--seed", "43"]);
    let pairs = [("water_site_m3", "it_energy_kwh", 0.002), ("water_grid_m3", "energy_kwh", 0.004)];
    for (water, energy, per_kwh) in pairs {
        // MODELS have a region that is no place: it is looked up by none.
        for end in [0, 1] {
            let of = |found: &Value, key: &str| found["total"][key]["interval"][end].as_f64().unwrap();
            assert!(close(of(&found, water), per_kwh * of(&found, energy)), "{water} {end}");
            assert!(!close(of(&found, water), per_kwh * of(&other, energy)));
        }
    }
}

/// Asking for more changes nothing else but the plan, which has more outputs.
#[test]
fn never_mixed_into_the_headline() {
    let dir = folder(&[("models.csv", MODELS)]);
    let plain = result(dir.path(), &["models.csv", "--draws", "2000"]);
    let flags = Further::ALL.map(|further| format!("--{}", further.name()));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut more = result(dir.path(), &[&["models.csv", "--draws", "2000"], &flags[..]].concat());
    for key in Further::ALL.iter().flat_map(|further| further.outputs()).map(|output| output.key()) {
        assert!(plain["total"].get(key).is_none(), "{key}");
        assert!(more["total"].as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    for key in plain.as_object().unwrap().keys().filter(|k| !["backend", "timings", "plan_hash"].contains(&k.as_str()))
    {
        assert_eq!(plain[key], more[key], "{key}");
    }
    let page = printed(dir.path(), &["run", "models.csv", "--draws", "2000", "--water"]);
    assert!(page.contains("Reported separately") && page.contains("= at the site"), "{page}");
    assert!(!page.contains("Embodied"), "{page}");
    assert!(!printed(dir.path(), &["run", "models.csv", "--draws", "2000"]).contains("Reported separately"));
}

/// Development beside the headline is the emissions of the same study in that scope, to the last byte.
#[test]
fn development_is_the_other_scope() {
    let study = "models = [\"models.csv\"]\n[scope]\nrun = \"development\"\n";
    let text = "id,parameters,date,relation,base_probability\na,7e9,2024,,\nb,1e9,2023,,0.4\nc,7e9,2024,finetune,\n";
    let dir = folder(&[("models.csv", text), ("study.toml", study)]);
    let beside = result(dir.path(), &["models.csv", "--draws", "3000", "--development"]);
    let scope = result(dir.path(), &["study.toml", "--draws", "3000"]);
    assert_eq!(beside["total"]["development_t"], scope["total"]["emissions_t"]);
    assert_ne!(beside["total"]["emissions_t"], scope["total"]["emissions_t"]);
    let twice = outcome(dir.path(), &["run", "study.toml", "--development"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(errors(&twice).contains("already counts all development runs"), "{}", errors(&twice));
}

const SMALL: &str = "\
id,organization,region,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,wue_l_per_kwh
a,X,USA,\"lognormal(1e23, 1.5)\",\"lognormal(2e11, 1.3)\",fixed(1.2),fixed(400),
b,X,,\"lognormal(2e23, 1.4)\",\"lognormal(3e11, 1.2)\",\"shifted(1, lognormal(0.2, 1.5))\",fixed(400),
c,,FRA,\"lognormal(5e22, 1.8)\",fixed(1e11),fixed(1.1),fixed(60),\"lognormal(1, 1.5)\"
d,Y,USA,\"lognormal(5e22, 1.8)\",fixed(1e11),fixed(1.1),fixed(60),2
";

/// Water of SMALL at the sites and at the stations, drawn in floats from the definitions of docs/method.md, section 2, in
/// m³. `closed` is the share of closed loops, `common` whether the sites of an organisation have something in common.
fn simulated(draws: usize, closed: f64, common: bool) -> [Vec<f64>; 2] {
    let mut random = rand::rngs::StdRng::seed_from_u64(11);
    let (mut sites, mut stations) = (vec![], vec![]);
    for _ in 0..draws {
        let mut z = || -> f64 { random.sample(StandardNormal) };
        let mut lognormal = |median: f64, gsd: f64| median * (gsd.ln() * z()).exp();
        let it = [
            lognormal(1e23, 1.5) / lognormal(2e11, 1.3),
            lognormal(2e23, 1.4) / lognormal(3e11, 1.2),
            lognormal(5e22, 1.8) / 1e11,
            lognormal(5e22, 1.8) / 1e11,
        ]
        .map(|joule| joule / 3.6e6);
        let pue = [1.2, 1.0 + lognormal(0.2, 1.5), 1.1, 1.1];
        let (own, of_organization) = ((1.0_f64 - 0.7).sqrt(), 0.7_f64.sqrt());
        let both = |gsd: f64, part: f64| (part * gsd.ln()).exp();
        // Open sites: both of X share the larger part.
        let x = lognormal(1.0, both(2.8, of_organization));
        let x_b = if common { x } else { lognormal(1.0, both(2.8, of_organization)) };
        let (a_own, b_own) = (lognormal(0.35, both(2.8, own)), lognormal(0.35, both(2.8, own)));
        let (wue_c, wue_d) = (lognormal(1.0, 1.5), lognormal(2.0, 1.1));
        let median_of = |mean: f64| mean * (-0.5 * 1.65_f64.ln().powi(2)).exp();
        let grid = [
            lognormal(median_of(3.1321), 1.65),
            lognormal(3.1, 1.9),
            lognormal(median_of(3.6737), 1.65),
            lognormal(median_of(3.1321), 1.65),
        ];
        let mut open = |wue: f64| if random.random::<f64>() < closed { 0.0 } else { wue };
        let wue = [open(a_own * x), open(b_own * x_b), wue_c, wue_d];
        sites.push((0..4).map(|m| it[m] * wue[m] / 1000.0).sum::<f64>());
        stations.push((0..4).map(|m| it[m] * pue[m] * grid[m] / 1000.0).sum::<f64>());
    }
    [sites, stations]
}

/// Mean and standard error, and the 2.5, 50 and 97.5 % quantiles with theirs (from 20 batches).
fn estimates(draws: &[f64]) -> [(f64, f64); 4] {
    let of = |draws: &[f64]| -> [f64; 4] {
        let mut sorted = draws.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |p: f64| sorted[(p * sorted.len() as f64) as usize];
        [draws.iter().sum::<f64>() / draws.len() as f64, at(0.025), at(0.5), at(0.975)]
    };
    let all = of(draws);
    let batches: Vec<[f64; 4]> = draws.chunks(draws.len() / 20).map(of).collect();
    std::array::from_fn(|k| {
        let n = batches.len() as f64;
        let middle = batches.iter().map(|b| b[k]).sum::<f64>() / n;
        let variance = batches.iter().map(|b| (b[k] - middle).powi(2)).sum::<f64>() / (n - 1.0);
        (all[k], (variance / n).sqrt())
    })
}

#[test]
fn water_agrees_with_a_float_monte_carlo() {
    let dir = folder(&[("models.csv", SMALL)]);
    let total = result(dir.path(), &["models.csv", "--draws", "400000", "--water"])["total"].take();
    let of = |key: &str| -> [(f64, f64); 4] {
        let (e, se) = (&total[key], &total[key]["mcse"]);
        let value = |of: &Value| of.as_f64().unwrap();
        [
            (value(&e["mean"]), value(&se["mean"])),
            (value(&e["interval"][0]), value(&se["interval"][0])),
            (value(&e["median"]), value(&se["median"])),
            (value(&e["interval"][1]), value(&se["interval"][1])),
        ]
    };
    let agree = |key: &str, drawn: &[f64]| {
        let pairs = of(key).into_iter().zip(estimates(drawn));
        pairs.map(|((a, s), (b, t))| (a - b) / (s * s + t * t).sqrt()).all(|z| z.abs() < 4.0)
    };
    let [sites, stations] = simulated(400_000, 0.15, true);
    let both: Vec<f64> = sites.iter().zip(&stations).map(|(a, b)| a + b).collect();
    assert!(agree("water_site_m3", &sites), "{:?} {:?}", of("water_site_m3"), estimates(&sites));
    assert!(agree("water_grid_m3", &stations), "{:?} {:?}", of("water_grid_m3"), estimates(&stations));
    assert!(agree("water_m3", &both), "{:?} {:?}", of("water_m3"), estimates(&both));
    // Negative controls: no closed loops, nothing in common, and sites and stations of different draws.
    assert!(!agree("water_site_m3", &simulated(400_000, 0.0, true)[0]));
    assert!(!agree("water_site_m3", &simulated(400_000, 0.15, false)[0]));
    let apart: Vec<f64> = sites.iter().zip(stations.iter().rev()).map(|(a, b)| a + b).collect();
    assert!(!agree("water_m3", &apart));
}

/// The column is used where water is asked for, and said to be idle where it is not.
#[test]
fn the_warning_goes_where_water_is_told() {
    let study = "models = [\"models.csv\"]\n[outputs]\nwater = true\n";
    let dir = folder(&[("models.csv", SMALL), ("study.toml", study)]);
    let run = |args: &[&str]| errors(&outcome(dir.path(), &[&["run", "--draws", "100"], args].concat()));
    assert!(run(&["models.csv"]).contains("water is not requested"));
    for args in [&["models.csv", "--water"][..], &["study.toml"]] {
        assert!(!run(args).contains("water is not requested"), "{args:?}");
    }
}
