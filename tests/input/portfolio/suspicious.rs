//! Rules: each with a row that trips it alone, and a neighbour that trips nothing.

use carbonhaze::low_level::portfolio::{Portfolio, Study, rules};

use super::studies::study;
use super::{folder, listed, models};

fn warned(text: &str) -> Vec<&'static str> {
    let file = models(text).unwrap_or_else(|p| panic!("{text:?}:{}", listed(&p)));
    let mut found: Vec<&'static str> = file.warnings.iter().filter(|w| !w.is_note()).map(|w| w.rule).collect();
    let portfolio = Portfolio::new(file.models, Study::default());
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
    ("energy-zero", "id,emissions_kg,energy_kwh", "a,5,0", "a,5,12"),
    ("energy-zero", "id,energy_kwh", "a,0", "a,5"),
    ("emissions-zero", "id,parameters,emissions_kg", "a,7e9,0", "a,7e9,5e4"),
    ("figure-zero", "id,parameters,tokens", "a,7e9,0", "a,7e9,2e12"),
    ("figure-zero", "id,relation,gpu_hours", "a,,0", "a,merge,0"),
    ("figure-zero", "id,parameters,tokens,epochs", "a,7e9,2e12,0", "a,7e9,2e12,1"),
    ("figure-zero", "id,parameters,tokens,gpu_hours", "a,7e9,2e12,0", "a,7e9,2e12,"),
    ("states-nothing", "id,gpu_hours", "a,5\nSource: the paper,", "a,5\nb,7"),
    (
        "relation-contradicts",
        "id,base_model,relation,gpu_hours",
        "a,base_model:quantized:org/b7,finetune,5",
        "a,base_model:finetune:org/b7,finetune,5",
    ),
    ("transposed", "id,first,second", "gpu_hours,1,2\nparameters,3,4", "a,1,2\ngpu_hours,3,4"),
    ("base-unknown", "id,base_model,gpu_hours", "a,Google,5", "a,x/y,5\nb,Llama 2,5\nc,b,5"),
    ("copy-by-name", "id,gpu_hours", "org/m,5\norg/m-GGUF,7", "org/m,5\norg/n-GGUF,7"),
    ("mfu-low", "id,gpu_hours,mfu", "a,5,0.0045", "a,5,0.45"),
    ("power-in-kw", "id,gpu_hours,power_w", "a,1000,0.4", "a,1000,400"),
    ("hours-by-clock", "id,gpu_hours,hardware_count", "a,24,1024", "a,24576,1024\nb,4,8"),
    ("tokens-alone", "id,parameters,tokens", "a,,2e12", "a,7e9,2e12"),
    ("largest-ever", "id,gpu_hours", "a,1e12", "a,31e6"),
    ("energy-zero", "id,gpu_hours,energy_kwh", "a,1000,0", "a,1000,400"),
    ("figure-zero", "id,gpu_hours,power_w", "a,1000,0", "a,1000,400\nb,,0"),
    ("grid-zero", "id,energy_kwh,grid_g_per_kwh", "a,1e5,0", "a,1e5,20"),
    (
        "compute-against-tokens",
        "id,parameters,tokens,compute_flop",
        "a,7e9,2e12,8.4e19",
        "a,7e9,2e12,8.4e22\nb,7e9,2e12,2e22",
    ),
    // 6 N D is 4.2e21, more than 10 times it; 3 N D, of an encoder–decoder, is not.
    (
        "compute-against-tokens",
        "id,architecture,parameters,tokens,compute_flop",
        "a,GPT,7e9,1e11,4.1e20",
        "a,T5,7e9,1e11,4.1e20",
    ),
    ("compute-too-small", "id,date,compute_flop", "a,2020,3640", "a,2020,3e23\nb,1958,7e5"),
    ("parameters-against-name", "id,parameters", "lab/llm-7b,7000", "lab/llm-7b,6.7e9\nlab/x-4bit,3e9"),
    ("tokens-against-parameters", "id,parameters,tokens", "a,7000,2e12", "a,135e6,2e12"),
    // DeepSeek-V3 (arXiv 2412.19437): 671e9 parameters, 37e9 active, 14.8e12 tokens.
    ("largest-ever", "id,parameters,active_parameters,tokens", "v3,671e9,,14.8e12", "v3,671e9,37e9,14.8e12"),
    (
        "tokens-of-base",
        "id,base_model,relation,parameters,tokens",
        "a,x/y,finetune,,15e12",
        "a,x/y,finetune,,5e11\nb,,,7e9,15e12",
    ),
    ("total-row", "id,gpu_hours", "a,5\nTotal,9", "a,5\ntotally-8b,9"),
    ("total-row", "id,gpu_hours", "a,10\nb,25\nc,41\nd,76", "a,10\nb,25\nc,41\nd,77"),
    (
        "equal-energies",
        "id,date,energy_kwh",
        "a,2024,41.83\nb,2024,41.83\nc,2024,41.83",
        "a,2024,41.83\nb,2024,41.83\nc,2023,41.83",
    ),
    ("lineage-cycle", "id,base_model", "a,b\nb,a", "a,b\nb,x/c"),
    ("parent-later", "id,date,base_model", "a,2023,b\nb,2024,", "a,2024,b\nb,2024,"),
    ("calculator-factor", "id,energy_kwh,emissions_kg,source", "a,10,4,calculator", "a,10,,calculator\nb,10,4,metered"),
    ("copied-from-base", "id,base_model,parameters,tokens", "a,,7e9,1e12\nb,a,,1e12", "a,,7e9,1e12\nb,a,,1e10"),
    // A certain derivative's compute is compared when it is assessed.
    (
        "copied-from-base",
        "id,base_model,base_probability,compute_flop",
        "a,,,1e21\nb,a,0.5,1e21",
        "a,,,1e21\nb,a,,1e21\nc,a,0.5,1e20",
    ),
    ("emissions-zero", "id,emissions_kg,gpu_hours,emissions_basis", "a,0,1e5,", "a,0,1e5,market\nb,1e4,1e5,"),
    ("mfu-high", "id,mfu", "a,0.72", "a,0.65"),
    ("mfu-one", "id,mfu", "a,1", "a,0.6"),
    ("sparse-peak", "id,efficiency_flop_per_j", "a,4e12", "a,1.4e12"),
    ("tokens-in-billions", "id,parameters,tokens", "a,7e9,300", "a,7e9,3e11"),
    ("parameters-in-billions", "id,parameters", "a,7", "a,7e9"),
    ("active-above-total", "id,parameters,active_parameters", "a,7e9,4e10", "a,4e10,7e9"),
    ("active-not-stated", "id,parameters,active_parameters", "Mixtral-8x7B,4.7e10,", "Mixtral-8x7B,4.7e10,1.3e10"),
    ("active-not-stated", "id,parameters,gpu_hours", "Qwen3-235B-A22B,2.35e11,", "Qwen3-235B-A22B,2.35e11,1e6"),
    ("active-not-stated", "id,architecture,parameters", "a,OlmoeForCausalLM MoE,7e9", "a,LlamaForCausalLM,7e9"),
    ("compute-in-eflop", "id,compute_flop,parameters", "a,3e5,7e9", "a,3e23,7e9"),
    ("pue-high", "id,pue", "a,3", "a,1.6"),
    ("grid-high", "id,grid_g_per_kwh", "a,1500", "a,1100"),
    ("grid-in-kg", "id,grid_g_per_kwh", "a,0.4", "a,20"),
    ("power-high", "id,power_w", "a,10200", "a,1400"),
    ("wue-unused", "id,wue_l_per_kwh", "a,1.8", "a,"),
    ("wue-unused", "id,region,wue_l_per_kwh", "a,FRA,\nb,,1 to 2\nc,,0", "a,FRA,\nb,FRA,"),
    ("date-range", "id,date", "a,1924", "a,2024"),
    // Five and a half sd of 2e10 from 0, and ten.
    ("divisor-near-zero", "id,efficiency_flop_per_j", "a,1.1e11 ± 2e10", "a,2e11 ± 2e10"),
    ("divisor-near-zero", "id,mfu", "a,\"mixture(0.5: normal(0.4, 0.07), 0.5: fixed(0.3))\"", "a,0.4 ± 0.04"),
    ("sigma-large", "id,tokens,parameters", "a,\"lognormal(1e12, 8)\",7e9", "a,\"lognormal(1e12, 7)\",7e9"),
    ("gsd-one", "id,tokens,parameters", "a,\"lognormal(1e12, 1.0001)\",7e9", "a,\"lognormal(1e12, 1.05)\",7e9"),
];

#[test]
fn each_rule_warns_and_its_neighbour_does_not() {
    for (rule, header, bad, fine) in CASES {
        assert_eq!(warned(&format!("{header}\n{bad}\n")), [*rule], "{header}: {bad}");
        assert!(warned(&format!("{header}\n{fine}\n")).is_empty(), "{header}: {fine}");
    }
    assert_eq!(warned("id,emision_kg\na,5\n"), ["not-read"]);
    assert_eq!(warned("id,tier\na,1\n"), ["tier-column"]);
    assert!(warned("id,emissions_kg,level\na,5,1\n").is_empty());
}

/// However many rows give it, water is warned of once, at the first of them.
#[test]
fn unused_water_is_told_once() {
    let file = models("id,wue_l_per_kwh\na,\nb,1.8\nc,1 to 2\nd,0\n").unwrap();
    let mut found = rules::check(&Portfolio::new(file.models, Study::default()));
    found.retain(|w| w.rule == "wue-unused");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].place.line, found[0].place.column.as_str()), (3, "wue_l_per_kwh"));
    assert_eq!(found[0].value, "1.8");
    assert!(found[0].message.contains("(given in 3 rows)"), "{}", found[0].message);
}

/// Words for no base, flags, and rows that are named by them.
#[test]
fn words_in_the_base_column_make_no_derivative() {
    let read = |text: &str| {
        let dir = folder(&[("models.csv", text)]);
        Portfolio::read(dir.path().join("models.csv"))
    };
    for word in [
        "no",
        "No",
        "0",
        "FALSE",
        "n",
        "own",
        "pretrained",
        "from scratch",
        "Trained from scratch",
        "self",
        "base",
        "no;No",
    ] {
        let portfolio = read(&format!("id,base_model\na,{word}\n")).unwrap();
        assert!(portfolio.models[0].base_models.is_empty(), "{word}");
        assert!(!portfolio.models[0].labels.contains_key("base_model"), "{word}");
        assert!(portfolio.warnings.iter().any(|w| w.rule == "missing-words"), "{word}");
    }
    for word in ["yes", "TRUE", "1"] {
        let problems = read(&format!("id,base_model\na,{word}\n")).unwrap_err();
        assert!(problems[0].message.contains("not the id of the base model"), "{word}: {}", listed(&problems));
    }
    for id in ["base", "0", "1", "Own"] {
        let portfolio = read(&format!("id,base_model\n{id},\nb,{}\n", id.to_lowercase())).unwrap();
        assert!(portfolio.models[1].base_ids().eq([id]));
    }
    // Epoch's flag is a label.
    assert!(read("id,Foundation model\na,checked\n").unwrap().models[0].base_models.is_empty());
}

#[test]
fn letters_are_yes_and_no() {
    for (text, meant) in [("Y", true), ("n", false), ("y", true), ("N", false)] {
        let file = models(&format!("id,energy_includes_pue\na,{text}\n")).unwrap();
        assert_eq!(file.models[0].energy_includes_pue, meant, "{text}");
    }
}

#[test]
fn shared_effects_have_their_guard_rails_too() {
    let text = "models = \"a.csv\"\n[[shared]]\nfactor = \"grid\"\ngsd = 9\n\
                [[shared]]\nfactor = \"grid\"\ngsd = 1.0005\n[[shared]]\nfactor = \"grid\"\ngsd = 1.3\n";
    let found = rules::check(&Portfolio::new(Vec::new(), study(text).0));
    let found: Vec<_> = found.iter().map(|w| (w.rule, w.place.line)).collect();
    assert_eq!(found, [("shared-sigma-large", 2), ("shared-gsd-one", 5)]);
}

/// 1 − E[X²]/exp(2σ²) in NumPy and SciPy: 2^24 of the engine's z in each tail summed one by one (`ndtri` of (2m+1)/2^33,
/// weight 2^-32), the body between them as exp(2σ²) times a difference of `ndtr`.
const LOST: [(f64, f64); 3] = [(2.01, 0.5297), (2.4, 3.927), (2.7, 12.538)];

#[test]
fn wide_lognormals_tell_what_the_draws_lack() {
    for (sigma, lost) in LOST {
        let text = format!("id,tokens\na,\"lognormal(1e12, {})\"\n", f64::exp(sigma));
        let file = models(&text).unwrap();
        let found = rules::check(&Portfolio::new(file.models, Study::default()));
        assert!(found[0].message.contains(&format!("miss {lost:.1} % of")), "{sigma}: {}", found[0].message);
    }
}

#[test]
fn every_listed_rule_has_a_case() {
    let others = [
        "import-dropped",
        "import-repaired",
        "import-assumed",
        "not-read",
        "tier-column",
        "shared-sigma-large",
        "shared-gsd-one",
    ];
    for (rule, _) in rules::RULES {
        assert!(include_str!("../../../docs/warnings.md").contains(&format!("`{rule}`")), "{rule} is not in the docs");
        assert!(others.contains(&rule) || CASES.iter().any(|case| case.0 == rule), "{rule} is not tested");
    }
    for rule in CASES.iter().map(|case| case.0).chain(others) {
        assert!(rules::RULES.iter().any(|(listed, _)| *listed == rule), "{rule} is not listed");
    }
}

/// The rows of published runs (LLaMA-7B: arXiv 2302.13971, Table 15; Llama 3.1 405B: its model card) raise nothing;
/// the same with emissions a thousand times off raise the rule.
#[test]
fn published_runs_pass_and_their_unit_errors_do_not() {
    let header = "id,parameters,gpu_hours,power_w,energy_kwh,energy_includes_pue,emissions_t\n";
    let rows = ["LLaMA-7B,6.7e9,82432,400,36000,yes,", "Llama-3.1-405B,4.05e11,30.84e6,700,,,"];
    for (row, tonnes) in rows.iter().zip([14.0, 8930.0]) {
        assert!(warned(&format!("{header}{row}{tonnes}\n")).is_empty(), "{row}");
        for off in [1000.0, 0.001] {
            let found = warned(&format!("{header}{row}{}\n", tonnes * off));
            assert!(found.contains(&"emissions-thousandfold"), "{row} × {off}: {found:?}");
        }
    }
}

/// A models file made from Epoch AI's export: what may matter and is not read is said, column by column.
#[test]
fn an_export_of_epoch_with_ids_says_what_of_it_is_not_read() {
    let header = "id,Model,Publication date,Country (of organization),Parameters,Training compute (FLOP),\
                  Training dataset size (total),Confidence,Base model,Finetune compute (FLOP),Domain";
    let row = "b,B,2023-07-18,France,7e9,8.4e22,2e12,Confident,Llama 2-7B,1e20,Language";
    let file = models(&format!("{header}\n{row}\n")).unwrap();
    let mut found: Vec<&str> =
        file.warnings.iter().filter(|w| w.rule == "not-read").map(|w| w.place.column.as_str()).collect();
    found.sort_unstable();
    let want = ["Confidence", "Country (of organization)", "Finetune compute (FLOP)", "Training dataset size (total)"];
    assert_eq!(found, want);
}
