//! A portfolio imputed by a regression: exact, sampled, and by brute force with floats.

use carbonhaze::low_level::assess::fits::{FITS, embedded};
use carbonhaze::low_level::assess::{Assessment, Slot, assess};
use carbonhaze::low_level::fit::{Response, Sample, Size};
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Portfolio, Problems};
use carbonhaze::low_level::posterior::check::SdCheck;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution as _, StandardNormal};

use crate::common::pipeline::run;

const MODELS: usize = 300;
/// Of `[priors.tokens] to_2020_bound`: near enough to be felt.
const MOST_TOKENS: f64 = 1e13;

/// Parameters (powers of two, which need no rounding) and month of each model.
fn size_and_month(i: usize) -> (f64, usize) {
    ((1u64 << (22 + i % 6)) as f64, i % 12)
}

/// Vision models of 2019 with everything fixed but the compute. `epoch` says whether they are Epoch's own.
fn assessment(by: &str, default_shared: bool, epoch: bool, priors: &str) -> Assessment {
    let dir = tempfile::tempdir().unwrap();
    let head = "id,organization,task,date,parameters,efficiency_flop_per_j,pue,grid_g_per_kwh,epoch_model\n";
    let row = |i| {
        let (size, month) = size_and_month(i);
        let named = if epoch { "x" } else { "" };
        format!(
            "m{i:03},,image-classification,2019-{:02}-10,{size},fixed(1e11),fixed(1),fixed(360),{named}\n",
            month + 1
        )
    };
    std::fs::write(dir.path().join("models.csv"), head.to_string() + &(0..MODELS).map(row).collect::<String>())
        .unwrap();
    let study = format!(
        "models = [\"models.csv\"]\ndefault_shared = {default_shared}\n[imputation]\ncompute = \"{by}\"\n[priors.tokens]\n\
         to_2020_bound = {MOST_TOKENS:e}\n[priors.efficiency]\nflop_convention_gsd = 1.0\n{priors}"
    );
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let portfolio = Portfolio::read(dir.path().join("study.toml")).unwrap();
    assess(&portfolio).unwrap()
}

/// 1e11 FLOP per joule and 360 g/kWh: 1e-15 g per FLOP.
const T_PER_FLOP: f64 = 1e-21;

/// Lower triangular L with L·Lᵀ = `a`.
fn cholesky(a: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut l = vec![vec![0.0; a.len()]; a.len()];
    for i in 0..a.len() {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            l[i][j] = if i == j { (a[i][i] - inner).sqrt() } else { (a[i][j] - inner) / l[j][j] };
        }
    }
    l
}

/// Mean and sd of the total in t, their standard errors by batches: coefficients ~ normal(b, s²(XᵀX)⁻¹), once per draw
/// or (control) once per model; the residual such that tokens stay below the bound.
fn brute_force(draws: usize, shared: bool) -> [(f64, f64); 2] {
    let card = super::embedded(Sample::Vision, Response::Tokens, Size::Active);
    let s = card.fit.sd;
    let inverse = card.fit.xtx_inverse();
    let covariance: Vec<Vec<f64>> = inverse.row_iter().map(|r| r.iter().map(|v| v * s * s).collect()).collect();
    let root = cholesky(&covariance);
    let mut rng = StdRng::seed_from_u64(11);
    let b = &card.fit.coefficients;
    let coefficients = |rng: &mut StdRng| -> [f64; 3] {
        let z: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(rng));
        std::array::from_fn(|i| b[i] + (0..=i).map(|j| root[i][j] * z[j]).sum::<f64>())
    };
    let mut totals = Vec::with_capacity(draws);
    for _ in 0..draws {
        let common = coefficients(&mut rng);
        let mut total = 0.0;
        for i in 0..MODELS {
            let (size, month) = size_and_month(i);
            // Dates are taken to the middle of their month.
            let row = [1.0, (size / 1e10).ln(), 2019.0 + (month as f64 + 0.5) / 12.0 - 2023.0];
            let ln_tokens = |c: &[f64; 3]| row.iter().zip(c).map(|(x, c)| x * c).sum::<f64>();
            let c = if shared { common } else { coefficients(&mut rng) };
            // Below the bound, whatever the coefficients.
            let residual = loop {
                let e: f64 = s * rng.sample::<f64, _>(StandardNormal);
                if ln_tokens(&c) + e <= MOST_TOKENS.ln() {
                    break e;
                }
            };
            total += 6.0 * size * (ln_tokens(&c) + residual).exp() * T_PER_FLOP;
        }
        totals.push(total);
    }
    let moments = |of: &[f64]| {
        let mean = of.iter().sum::<f64>() / of.len() as f64;
        [mean, (of.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (of.len() - 1) as f64).sqrt()]
    };
    let batches: Vec<[f64; 2]> = totals.chunks(draws / 20).map(moments).collect();
    let error = |k: usize| moments(&batches.iter().map(|m| m[k]).collect::<Vec<_>>())[1] / 20f64.sqrt();
    let whole = moments(&totals);
    [(whole[0], error(0)), (whole[1], error(1))]
}

fn exact(assessment: &Assessment) -> (f64, f64) {
    let oracle = carbonhaze::low_level::exact::oracle::oracle(assessment);
    (oracle.mean_t, oracle.sd_t.unwrap())
}

#[test]
fn exact_sampled_and_brute_force_agree() {
    let found = assessment("regression", true, true, "");
    let (mean, sd) = exact(&found);
    let posterior = run(found, 42, 100_000).posterior(0.95);
    assert!(posterior.check.z_mean.unwrap().abs() < 4.0, "{:?}", posterior.check);
    if let SdCheck::Z(z) = posterior.check.z_sd {
        assert!(z.abs() < 4.0, "{z}");
    }
    let sampled = &posterior.total.emissions_t;
    assert!((sampled.sd.unwrap() / sd - 1.0).abs() < 0.1, "{:?} is not {sd}", sampled.sd);

    let [(brute_mean, mean_error), (brute_sd, sd_error)] = brute_force(20_000, true);
    assert!(mean_error < 0.02 * mean && sd_error < 0.1 * sd);
    assert!((brute_mean - mean).abs() < 4.0 * mean_error, "{brute_mean} ± {mean_error} is not {mean}");
    assert!((brute_sd - sd).abs() < 4.0 * sd_error, "{brute_sd} ± {sd_error} is not {sd}");
    // Negative control: coefficients drawn for each model alone give the same mean and far less spread.
    let [(apart_mean, apart_error), (apart_sd, _)] = brute_force(4_000, false);
    assert!((apart_mean - mean).abs() < 4.0 * apart_error, "{apart_mean} ± {apart_error}");
    assert!(apart_sd < 0.8 * sd, "{apart_sd} against {sd}");
    // The same of the engine, with all that is shared drawn by each model.
    let (own_mean, own_sd) = exact(&assessment("regression", false, true, ""));
    assert!(own_sd < 0.8 * sd && (own_mean / mean - 1.0).abs() < 0.2, "{own_mean} ± {own_sd}");
}

#[test]
fn the_coefficients_are_shared_by_all() {
    let found = assessment("regression", true, true, "");
    let fit = embedded().iter().find(|f| f.name == "vision").unwrap();
    assert_eq!(found.shared.len(), 3);
    for (j, effect) in found.shared.iter().enumerate() {
        assert_eq!((&*effect.by, &*effect.value), (&["regression".into()][..], &["vision".into()][..]));
        assert_eq!(*effect.name, *format!("coefficients of the vision regression, {} of 3", j + 1));
    }
    for model in &found.models {
        let compute = model.factors[Slot::Compute as usize].as_ref().unwrap();
        assert_eq!(compute.shared.iter().map(|(e, _)| *e).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(compute.provenance.how.contains("the vision regression at 2019"), "{:?}", compute.provenance);
        // s²·h, h of this row from (XᵀX)⁻¹.
        let loading: f64 = compute.shared.iter().map(|(_, w)| w * w).sum();
        assert!(loading > 0.0 && loading < fit.sd * fit.sd);
    }
    let tokens = assessment("tokens", true, true, "");
    assert!(tokens.shared.iter().all(|e| *e.by != ["regression"]));
}

#[test]
fn models_beyond_the_fits_are_widened() {
    let sd = |epoch, priors| exact(&assessment("regression", true, epoch, priors)).1;
    let inside = sd(true, "");
    assert!(sd(false, "") > 1.1 * inside);
    let none = "[priors.regression]\nbeyond_shared_gsd = 1\nbeyond_own_gsd = 1\n";
    assert_eq!(sd(false, none), inside);
    let shared = assessment("regression", true, false, "").shared;
    let beyond = shared.iter().find(|e| *e.name == *"models beyond those of the vision regression").unwrap();
    assert!(beyond.chosen && (beyond.ln_gsd - 1.6_f64.ln()).abs() < 1e-12);
}

/// The compute of one vision model in FLOP (median), imputed by the fits in this text.
fn imputed_by(fits: &str) -> Result<f64, Problems> {
    let dir = tempfile::tempdir().unwrap();
    let row = "id,task,date,parameters,epoch_model\na,image-classification,2019-06-10,1e8,x\n";
    std::fs::write(dir.path().join("models.csv"), row).unwrap();
    let study = "models = [\"models.csv\"]\n[imputation]\ncompute = \"regression\"\nfits = \"fits.toml\"\n";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    if !fits.is_empty() {
        std::fs::write(dir.path().join("fits.toml"), fits).unwrap();
    }
    let assessment = assess(&Portfolio::read(dir.path().join("study.toml")).unwrap())?;
    let compute = assessment.models[0].factors[Slot::Compute as usize].as_ref().unwrap();
    let named = assessment.shared.iter().find(|e| e.name.starts_with("coefficients of the vision")).unwrap();
    assert!(compute.provenance.source.contains("the study's fits") && named.source.contains("the study's fits"));
    Ok(quantile(&compute.alone(), 0.5))
}

/// D at 1e10 parameters is exp(intercept).
#[test]
fn a_study_can_bring_its_own_fits() {
    let intercept = embedded().iter().find(|f| f.name == "vision").unwrap().coefficients[0];
    let at = |shift: f64| {
        let text = FITS.replace(&format!("{intercept:e}"), &format!("{:e}", intercept + shift));
        assert!(shift == 0.0 || text != FITS);
        imputed_by(&text).unwrap()
    };
    // Far below the bound, which cuts little.
    let (one, two) = (at(-9.0), at(-9.0 + 2f64.ln()));
    assert!((two / one - 2.0).abs() < 0.02, "{one} {two}");
    assert!((one / at(-9.0) - 1.0).abs() < 1e-12);
    // Only what is a regression is one.
    for (text, told) in [
        ("", "could not be read"),
        ("[vision", "not TOML"),
        ("[mine]\nn = 3\n", "no fit of the samples"),
        ("[vision]\nn = 3\n", "the fit vision is incomplete"),
        (&FITS.replace("sd = 3.2", "sd = 33.2"), "the fit vision is incomplete"),
        (&FITS.replace("sd = 3.2", "sd = nan #"), "the fit vision is incomplete"),
        (&FITS.replace("\"year\"", "\"size\""), "is incomplete"),
    ] {
        let problems = imputed_by(text).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].place.column == "imputation.fits" && problems[0].message.contains(told), "{problems:?}");
        assert!(problems[0].message.contains("haze fit MODELS --coefficients"));
    }
}
