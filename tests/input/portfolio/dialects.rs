//! The same table in the dialects that people write: the models are those of the canonical file, or the file is refused
//! with every reading. Warnings stand where something was not read, notes where it was read under another name.

use carbonhaze::low_level::portfolio::{Model, Place};
use proptest::prelude::*;

use super::{listed, models};
use crate::common::cases::cases;

/// Models as far as results depend on them.
fn understood(text: &str) -> Vec<Model> {
    let file = models(text).unwrap_or_else(|problems| panic!("{text:?} was refused: {}", listed(&problems)));
    let bare = |model: Model| {
        let labels = model.labels.iter().filter(|(name, _)| ["organization", "region", "hardware"].contains(name));
        Model { place: Place::default(), labels: labels.collect(), ..model }
    };
    file.models.into_iter().map(bare).collect()
}

/// Rules of the warnings, notes left out.
fn warned(text: &str) -> Vec<&'static str> {
    let file = models(text).unwrap_or_else(|problems| panic!("{text:?} was refused: {}", listed(&problems)));
    file.warnings.iter().filter(|w| !w.is_note()).map(|w| w.rule).collect()
}

fn noted(text: &str) -> Vec<&'static str> {
    models(text).unwrap().warnings.iter().filter(|w| w.is_note()).map(|w| w.rule).collect()
}

const SAME: &[(&str, &str)] = &[
    // Names.
    (
        "id,Date,Region,Energy (kWh),GPU hours\na,2024,USA,1000,2000\n",
        "id,date,region,energy_kwh,gpu_hours\na,2024,USA,1000,2000\n",
    ),
    (
        "Model,Organisation,Country,GPU,Params (B)\na,Lab,FRA,A100,7\n",
        "id,organization,region,hardware,parameters\na,Lab,FRA,A100,7e9\n",
    ),
    ("id,Emissions [tCO2e]\na,8.93\n", "id,emissions_t\na,8.93\n"),
    ("id,co2_eq_emissions\na,2500\n", "id,emissions_g\na,2500\n"),
    ("id,energy_gwh,params_m\na,0.0433,350\n", "id,energy_kwh,parameters\na,43300,350e6\n"),
    ("id,Training compute (FLOP),Hardware quantity\na,1e24,8\n", "id,compute_flop,hardware_count\na,1e24,8\n"),
    (
        "id,Carbon intensity (kg/kWh),power_kw,MFU (%)\na,0.4,0.7,45\n",
        "id,grid_g_per_kwh,power_w,mfu\na,400,700,0.45\n",
    ),
    ("id,energy (MJ)\na,36\n", "id,energy_kwh\na,10\n"),
    (
        "id,Energy (MWh)\na,\"lognormal(0.433, 1.2)\"\nb,400 to 500\n",
        "id,energy_kwh\na,\"lognormal(433, 1.2)\"\nb,400000 to 500000\n",
    ),
    // Years and dates, and the fields of model cards.
    ("id,year\na,2024\n", "id,date\na,2024\n"),
    ("id,year,createdAt,Release date\na,2020,2021-05-01,2024\n", "id,date\na,2024\n"),
    ("id,created_at,publication_year\na,2021-05-01,2024\n", "id,date\na,2024\n"),
    ("id,aws_region\na,us-east-1\n", "id,region\na,us-east-1\n"),
    (
        "id,co2_eq_emissions.emissions,co2_eq_emissions.source,co2_eq_emissions.training_type,\
         co2_eq_emissions.geographical_location,co2_eq_emissions.hardware_used,safetensors.total\n\
         a,2500,code carbon,fine-tuning,France,8 x A100,7000000000\nb,5,the paper,pre-training,,,\n",
        "id,emissions_g,source,relation,region,hardware,parameters\n\
         a,2500,calculator,finetune,France,8 x A100,7e9\nb,5,,,,,\n",
    ),
    // A label of its own beside the region; the canonical name wins.
    ("id,country,region\na,France,FRA\n", "id,region\na,FRA\n"),
    ("Model name,name\nx/a,A\n", "id,name\nx/a,A\n"),
    // What tables have around them.
    ("id,tokens,,\na,1e12,,\n,,,\n", "id,tokens\na,1e12\n"),
    ("id,tokens\na,1e12,\nb,2e12,\n", "id,tokens\na,1e12\nb,2e12\n"),
    (",id,tokens\n0,a,1\n1,b,2\n", "id,tokens\na,1\nb,2\n"),
    ("Unnamed: 0,id,tokens\n1,a,1\n2,b,2\n", "id,tokens\na,1\nb,2\n"),
    // Missing.
    (
        "id,organization,region,base_model,relation,tokens\na,nan,N/A,None,-,?\nb,Unknown,NA,scratch,scratch,TBD\n",
        "id,organization,region,base_model,relation,tokens\na,,,,,\nb,,,,,\n",
    ),
    // Numbers.
    (
        "id,parameters,tokens\na,7B,2T\nb,350M,1.4 trillion\nc,8.03b,300 billion\n",
        "id,parameters,tokens\na,7e9,2e12\nb,350e6,1.4e12\nc,8.03e9,300e9\n",
    ),
    ("id,emissions_kg\na,8930 t\nb,820 kg CO2e\nc,820 +- 10%\n", "id,emissions_kg\na,8930000\nb,820\nc,820 +- 82\n"),
    (
        "id,energy_kwh\na,433 MWh\nb,\"1,082,990\"\nc,400 to 500 MWh\nd,\"uniform(1 MWh, 2 MWh)\"\n",
        "id,energy_kwh\na,433000\nb,1082990\nc,400000 to 500000\nd,\"uniform(1000, 2000)\"\n",
    ),
    ("id,gpu_hours,mfu\na,47k A100 hours,45%\n", "id,gpu_hours,mfu\na,47000,0.45\n"),
    ("id,compute_flop\na,3.2×10^24\n", "id,compute_flop\na,3.2e24\n"),
    (
        "id,params_m,GPU hours (k),tokens (B)\na,350M,184k,2T\nb,350,184,2000\n",
        "id,parameters,gpu_hours,tokens\na,350e6,184e3,2e12\nb,350e6,184e3,2e12\n",
    ),
    ("id,tokens (T)\na,1 to 2T\n", "id,tokens\na,1e12 to 2e12\n"),
    // Dates.
    ("id,date\na,2024-05-14T09:12:33Z\nb,2024/05/14\nc,2024.0\n", "id,date\na,2024-05-14\nb,2024-05-14\nc,2024\n"),
];

#[test]
fn dialects_are_the_canonical_file() {
    for (dialect, canonical) in SAME {
        assert_eq!(understood(dialect), understood(canonical), "{dialect}");
        assert!(warned(dialect).is_empty(), "{dialect}: {:?}", warned(dialect));
    }
    // Negative control.
    assert_ne!(understood("id,energy_gwh\na,1\n"), understood("id,energy_mwh\na,1\n"));
}

#[test]
fn what_was_understood_is_noted_once() {
    assert_eq!(noted("id,Energy (kWh),Params\na,N/A,7\nb,NA,-\n"), ["read-as", "missing-words"]);
    assert!(noted("id,energy_kwh\na,5\n").is_empty());
    let file = models("id,Energy (GWh)\na,-\nb,?\n").unwrap();
    let text: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
    assert!(text[0].contains("\"Energy (GWh)\" as energy_kwh in its unit (× 1000000)"), "{text:?}");
    assert!(text[1].contains("2 cells"), "{text:?}");
}

/// A header and a row of numbers; what the warning must say.
const UNREAD: &[(&str, &str)] = &[
    ("id,hours\na,5\n", "gpu_hours"),
    ("id,Training time (hours)\na,5\n", "gpu_hours"),
    ("id,duration_s\na,5\n", "hardware_count"),
    ("id,emissions\na,5\n", "emissions_kg"),
    ("id,Energy\na,5\n", "energy_kwh or energy_mwh"),
    ("id,gpu_energy_kwh\na,5\n", "unit of energy"),
    ("id,parameter\na,5\n", "did you mean parameters?"),
    ("id,params,parameters\na,5,6\n", "column parameters too; delete"),
    ("id,compute (1e21 FLOP)\na,5\n", "multiply the values by 1e21"),
    ("id,node hours\na,5\n", "convert the values to accelerator-hours"),
    ("id,zflop_final\na,5\n", "name it compute_flop"),
    ("id,tokens_of_run\na,5\n", "name it tokens"),
    ("id,tokens seen\na,5\n", "tokens"),
    ("id,size\na,5B\n", "parameters"),
    ("id,zone\na,5th avenue\nb,us-east-1a\nc,us-east-1b\nd,x\n", "region"),
    ("id,machine\na,p4d.24xlarge\n", "hardware"),
    ("id,backbone\na,org/b\n", "base_model"),
    ("id,what it used\na,5 MWh\nb,30 MWh\nc,little\n", "name it energy_kwh"),
    ("id,footnote\na,5 tCO2e\n", "name it emissions_kg"),
    ("id,time on cluster\na,5000 GPU hours\n", "name it gpu_hours"),
    ("id,tags\na,\"5, base_model:finetune:org/b\"\n", "base_model"),
];

#[test]
fn what_is_not_read_is_told_if_there_is_something_in_it() {
    for (text, words) in UNREAD {
        let file = models(text).unwrap();
        let told: Vec<String> = file.warnings.iter().filter(|w| w.rule == "not-read").map(|w| w.to_string()).collect();
        assert!(told.len() == 1 && told[0].contains(words), "{text}: {told:?}");
        let empty = match text.split_once("\na,5,6") {
            Some((header, _)) => format!("{header}\na,,6\n"),
            None => format!("{}\na,\n", text.split_once('\n').unwrap().0),
        };
        assert!(warned(&empty).is_empty(), "{empty}");
    }
    let merge = models("id,emissions_kg,CO2 (t)\na,5,\nb,,5\n").unwrap();
    assert!(merge.warnings[0].message.contains("no row fills both, so move"), "{}", merge.warnings[0]);
    for quiet in [
        "id,hours,gpu_hours\na,5,40\n",
        "id,team,level\na,red,3\n",
        "id,context_k\na,8\n",
        "id,family,license,version,downloads_30d,rank,seed\na,llama,mit,2.5,1.2M,1,7\n",
        "id,context,memory,accuracy\na,128k,80GB,45%\n",
        "id,size,parameters\na,7B,7e9\n",
        "id,size,what it used\na,large,2 of 3\n",
        "id,energy_kwh,energy_note_kwh\na,5,6\n",
        "id,tags\na,\"pytorch, en\"\n",
        "id,base,base_model\na,x,y\n",
    ] {
        assert!(warned(quiet).is_empty(), "{quiet}: {:?}", warned(quiet));
    }
}

/// Files that have two meanings or are something else, and what the problem must say.
const REFUSED: &[(&str, &str)] = &[
    ("id,Energy (MWh),energy_kwh\na,1,\n", "same quantity"),
    ("id,Energy_kWh,energy_kwh\na,1,\n", "same quantity"),
    ("id,country,location\na,FRA,\n", "both mean region"),
    ("id,params,n_params\na,1,\n", "both mean parameters"),
    (",id,x\n5,a,1\n9,b,2\n", "column 1 has no name"),
    ("id,,tokens\na,x,1\n", "column 2 has no name"),
    ("id,tokens\na,1,2\n", "3 fields"),
    ("id,emissions,emissions_rate,energy_consumed\nx,1,2,3\n", "CodeCarbon"),
    ("{\"nodes\": {}, \"lineage\": []}", "DIA"),
    ("id,energy_kwh\na,\"1.082,5\"\n", "write 1082.5"),
    ("id,energy_kwh\na,\"1 082,5\"\n", "write 1082.5"),
    ("id,energy_kwh\na,\"1,082\"\n", "1082 or 1.082"),
    ("id,energy_kwh\na,820..900\n", "820 to 900"),
    ("id,date\na,04/05/2024\n", "2024-05-04 or 2024-04-05"),
];

#[test]
fn two_meanings_and_strangers_are_refused() {
    for (text, words) in REFUSED {
        let problems = models(text).expect_err(text);
        assert!(problems.len() == 1 && problems[0].message.contains(words), "{text}: {}", listed(&problems));
    }
}

/// A name in another case and with other signs between its words.
fn dressed(name: &str, upper: bool, sign: &str) -> String {
    let name = if upper { name.to_uppercase() } else { name.to_string() };
    name.replace('_', sign)
}

proptest! {
    #![proptest_config(cases(128))]

    /// A table in a random dialect is the canonical one.
    #[test]
    fn random_dialects_are_the_canonical_file(
        upper in any::<bool>(),
        sign in prop::sample::select(&[" ", "-", "_", "."][..]),
        millions in 1u32..100_000,
        megawatt_hours in 1u32..10_000,
        word in prop::sample::select(&["", "NA", "n/a", "None", "null", "—", "?", "unknown", "[]"][..]),
        suffix in 0..4usize,
        unit in 0..4usize,
    ) {
        let parameters = [
            format!("{millions}M"),
            format!("{millions} million"),
            format!("{millions}e6"),
            format!("{millions}000000 parameters"),
        ];
        let energy = [
            format!("{megawatt_hours} MWh"),
            format!("{megawatt_hours}000"),
            format!("{megawatt_hours}e6 Wh"),
            format!("{megawatt_hours}e-3 GWh"),
        ];
        let name = |name: &str| dressed(name, upper, sign);
        let dialect = format!(
            "{},{},{},{}\na,{},{},{word}\n",
            name("id"), name("parameters"), name("energy_kwh"), name("base_model"), parameters[suffix], energy[unit],
        );
        let canonical = format!("id,parameters,energy_kwh,base_model\na,{millions}000000,{megawatt_hours}000,\n");
        prop_assert_eq!(understood(&dialect), understood(&canonical), "{}", dialect);
    }
}
