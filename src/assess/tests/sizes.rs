//! Default shared effects of other sizes: what moves, and what stays.

use super::*;
use crate::assess::default_effects::DefaultEffect;
use crate::assess::priors::Priors;
use crate::assess::shared_sizes::resized;
use crate::exact::oracle::oracle;

/// Two models of one organisation with nothing but a size, so that every spread is a prior's.
fn assessed(factor: impl Fn(DefaultEffect) -> f64) -> Assessment {
    let bare = |id| Model { parameters: number(7e9), ..model(id, &LLAMA) };
    let priors = resized(&toml::Table::new(), &Priors::defaults(), factor);
    run(vec![bare("a"), bare("b")], Study { priors, ..study() }).unwrap_or_else(|p| panic!("{p:?}"))
}

/// Variance of a factor's logarithm by each effect.
fn shared(a: &Assessment, slot: Slot) -> Vec<(String, f64)> {
    let effects = &a.models[0].factors[slot as usize].as_ref().unwrap().shared;
    effects.iter().map(|(i, w)| (a.shared[*i].name.to_string(), (a.shared[*i].ln_gsd * w).powi(2))).collect()
}

const SPLIT: [Slot; 3] = [Slot::Compute, Slot::Efficiency, Slot::Grid];

#[test]
fn sums_of_own_and_shared_stay() {
    // Where all of a spread is shared, the own part is a number.
    let fixed = |m: &AssessedModel, slot| {
        matches!(m.factors[slot as usize].as_ref().unwrap().distribution, Distribution::Fixed(_))
    };
    let own_sd = |m: &AssessedModel, slot| if fixed(m, slot) { 0.0 } else { own(m, slot) };
    let total = |a: &Assessment, slot| own_sd(&a.models[0], slot).hypot(shared_sd(a, &a.models[0], slot));
    let modelled = assessed(|_| 1.0);
    for k in [0.0, 0.5, 1.5, 2.0] {
        let other = assessed(|_| k);
        for slot in SPLIT {
            close(total(&other, slot), total(&modelled, slot), 1e-9);
        }
        let sized = other.shared.iter().filter_map(|e| DefaultEffect::of(&e.key())).any(DefaultEffect::has_size);
        assert_eq!(sized, k != 0.0);
        // Negative control: what is shared does move.
        let grid = |a: &Assessment| shared_sd(a, &a.models[0], Slot::Grid);
        assert!((grid(&other) / grid(&modelled) - 1.0).abs() > 0.1);
    }
    // A factor of one is what is there by default.
    let default = run(vec![Model { parameters: number(7e9), ..model("a", &LLAMA) }], study()).unwrap();
    for ((name, was), (other, is)) in
        shared(&default, Slot::Efficiency).iter().zip(&shared(&modelled, Slot::Efficiency))
    {
        assert_eq!(name, other);
        close(*is, *was, 1e-9);
    }
}

#[test]
fn one_effect_alone_moves_by_its_factor() {
    let modelled = assessed(|_| 1.0);
    for (effect, slot) in [
        (DefaultEffect::TokensOrganization, Slot::Compute),
        (DefaultEffect::FlopConvention, Slot::Efficiency),
        (DefaultEffect::MfuFamily, Slot::Efficiency),
        (DefaultEffect::KNode, Slot::Efficiency),
        (DefaultEffect::GridOrganization, Slot::Grid),
    ] {
        let other = assessed(|e| if e == effect { 0.5 } else { 1.0 });
        let (was, is) = (shared(&modelled, slot), shared(&other, slot));
        assert!(was.len() == is.len() && was.iter().any(|(name, _)| *name == effect.name()), "{was:?} {is:?}");
        for ((name, was), (_, is)) in was.iter().zip(&is) {
            close(*is, if *name == effect.name() { 0.25 * was } else { *was }, 1e-9);
        }
    }
}

/// What is in common makes a total wide; without it rows are nearly independent.
#[test]
fn larger_effects_make_a_wider_total() {
    let of = |k: f64| oracle(&assessed(|_| k));
    let sds: Vec<f64> = [0.0, 0.5, 1.0].map(of).iter().map(|o| o.sd_t.unwrap()).collect();
    assert!(sds.is_sorted_by(|a, b| a < b), "{sds:?}");
    // What is left in common is how uncertain the priors are.
    let over = |k: f64| of(k).sd_t.unwrap() / of(k).independent_sd_t.unwrap() - 1.0;
    assert!(over(0.0) < 0.02 && over(1.0) > 0.05, "{} {}", over(0.0), over(1.0));
}
