//! Mutated files of every format: models or problems that name the file, never a panic.

use std::path::Path;

use carbonhaze::low_level::portfolio::cell::NoFiles;
use carbonhaze::low_level::portfolio::models_file;
use proptest::prelude::*;

use crate::common::cases::cases;

/// Small files of each format, with everything in them that is read.
const FILES: [(&str, &str); 6] = [
    (
        "state.json",
        r#"{"nodes": {"o/a": {"report": {"scope": "incremental", "energy_kwh": [1, 2], "carbon_kgco2eq": [3, 4],
"quality": {"energy": "measured", "carbon": "estimated"}, "gpu": "T4", "gpu_count": 2, "gpu_hours": 7.5, "region": "FR",
"tool": "nvml"}, "lineage": [{"model": "o/b", "relation": "lora"}, {"model": "scratch"}]}, "o/b": {"report": null}}}"#,
    ),
    (
        "report.json",
        r#"{"dia_version": "0.1", "dia_report": {"scope": "incremental", "footprint": {"energy_kwh": {"value": [1, 2],
"quality": "measured", "carbonhaze": {"cell": "lognormal(1.2, 1.3)", "includes_pue": true}}, "carbon_kgco2eq": 3},
"context": {"carbon_intensity": 0.4, "wue_l_per_kwh": [1, 2]}, "lineage": [{"model": "o/a", "relation": "merge"}]}}"#,
    ),
    (
        "o/m/README.md",
        "---\nbase_model:\n- o/a: finetune\n- {model: o/b, relation: merge}\nmodel-index:\n- name: x\nco2_eq_emissions:\n  \
         emissions: \"17 g\"\n  source: CodeCarbon\n  training_type: fine-tuning\n  geographical_location: Paris\n---\n# x\n\
         12 kWh\n",
    ),
    (
        "o/n/README.md",
        "---\ndia_report:\n  scope: incremental\n  footprint:\n    energy_kwh: {value: &a [1, 2], quality: measured}\n    \
         carbon_kgco2eq: {value: *a}\n  tool: codecarbon\nco2_eq_emissions: 24_700_000\n---\n",
    ),
    (
        "list.json",
        r#"[{"id": "o/m", "author": "o", "downloads": 5, "createdAt": "2024-05-17T00:00:00Z", "tags": ["base_model:lora:o/a"],
"baseModels": {"relation": "merge", "models": [{"id": "o/c"}]}, "safetensors": {"parameters": {"BF16": 9}, "total": 9},
"cardData": {"co2_eq_emissions": 12}}]"#,
    ),
    (
        "o/k/mergekit_config.yml",
        "slices:\n- sources:\n  - model: o/a\n    parameters:\n      weight: 0.5\n  - model: {model: {path: ./x}}\nmodels:\n\
         - model: o/b+o/c\n  parameters: {weight: [1, 2]}\nmerge_method: ties\nbase_model: o/d\n",
    ),
];

fn read(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    match models_file::read(Path::new(name), bytes, &NoFiles) {
        Ok(file) => prop_assert!(!file.models.is_empty()),
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            for problem in problems.iter() {
                prop_assert!(problem.place.file.ends_with(name) && !problem.message.is_empty(), "{}", problem);
            }
        }
    }
    Ok(())
}

/// Negative control: unharmed, each of them is read.
#[test]
fn the_files_are_read() {
    for (name, text) in FILES {
        let read = models_file::read(Path::new(name), text.as_bytes(), &NoFiles);
        assert!(read.is_ok(), "{name}: {}", read.err().map_or(String::new(), |p| p[0].to_string()));
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn mutated_files_are_models_or_problems(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..5u8), 1..8)
    ) {
        for (name, text) in FILES {
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte, kind) in &edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, b"\",\n\r;:{}[]&*-\t0e"[usize::from(*byte) % 16]),
                    2 => {
                        let part = bytes[at..(at + usize::from(*byte) % 40).min(bytes.len())].to_vec();
                        bytes.splice(at..at, part);
                    }
                    3 if at > 0 => bytes.truncate(at),
                    _ if bytes.len() > 1 => {
                        bytes.remove(at);
                    }
                    _ => {}
                }
            }
            read(name, &bytes)?;
        }
    }

    #[test]
    fn any_front_matter_and_any_json_are_models_or_problems(text in ".{0,200}", depth in 0..300usize) {
        read("o/m/README.md", format!("---\n{text}\n---\n").as_bytes())?;
        read("o/m/README.md", format!("---\nco2_eq_emissions: {text}\nbase_model: {text}\n---\n").as_bytes())?;
        read("s.json", format!("{{\"nodes\": {{\"a\": {{\"report\": {text}}}}}}}").as_bytes())?;
        let nested = format!("{}{}", "{\"report\": ".repeat(depth), "}".repeat(depth));
        read("s.json", format!("{{\"nodes\": {{\"a\": {nested}}}}}").as_bytes())?;
    }
}
