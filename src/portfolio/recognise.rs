//! Files of other tools that are given as models files: recognised by their beginning or their header.
//!
//! A CodeCarbon log read as a models file is one model per run, with kilograms and kilowatt-hours under names that mean
//! nothing here: 0.2 kg once became 1.5 kt. Such files are imported (`import`) where they are whole; what is left of
//! them, and what has no importer, is refused in one line that says what it is and what to do.

use super::problem::CellError;
use super::spelling::normal;
use super::study_file;

/// How compressed files begin: with what they are unpacked.
const PACKED: [(&[u8], &str, &str); 5] = [
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
    (b"PK\x03\x04", "ZIP, perhaps a spreadsheet", "unzip, or export the spreadsheet as \"CSV UTF-8\""),
];

/// A file that has to be unpacked before it can be read.
pub(crate) fn packed(bytes: &[u8]) -> Option<CellError> {
    let (_, what, with) = PACKED.iter().find(|(start, _, _)| bytes.starts_with(start))?;
    Some(CellError::new(format!("the file is compressed ({what})"), format!("unpack it first, with {with}")))
}

/// What is no text table, by its first bytes: what it is and what to do.
pub(crate) fn of_bytes(bytes: &[u8]) -> Option<String> {
    const HEAD: usize = 1 << 16;
    if let Some(packed) = packed(bytes) {
        return Some(packed.to_string());
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let text = text.trim_start();
    let lower = text.get(..text.len().min(200)).map(str::to_lowercase).unwrap_or_default();
    if lower.starts_with("<!doctype") || lower.starts_with("<html") || lower.starts_with("<?xml") {
        return Some("the file is a web page or XML, not a table; download the file itself, as CSV".into());
    }
    study(text).or_else(|| json(text))
}

/// A study under the name of a table, such as that of a pipe: its first line sets a key or opens a section.
fn study(text: &str) -> Option<String> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let key = first.split_once('=').map_or(first.trim_matches(['[', ']']), |(key, _)| key).trim();
    let section = first.starts_with('[') && first.ends_with(']');
    ((section || first.contains('=')) && study_file::KEYS.contains(&key.split('.').next()?)).then(|| {
        "this is a study file (TOML), which is known by its name; save it as a file whose name ends in .toml".into()
    })
}

fn json(text: &str) -> Option<String> {
    let inner = text.strip_prefix(['{', '['])?.trim_start();
    // A CSV header may begin with a bracket, JSON goes on with one of these.
    if !inner.starts_with(['"', '{', '[', ']', '}']) {
        return None;
    }
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let what =
        if has("energy_consumed") || has("codecarbon_version") { "a log of CodeCarbon as JSON" } else { "a JSON file" };
    Some(format!(
        "this is {what}; a models file has one row per model, with columns such as id, energy_kwh, emissions_kg and \
         base_model: CSV with a header, Parquet, or JSON Lines (an object on each line)"
    ))
}

/// What a header belongs to, if not to a models file.
pub(super) fn of_header(names: &[String]) -> Option<&'static str> {
    let even: Vec<String> = names.iter().map(|name| normal(name)).collect();
    let has = |name: &str| even.iter().any(|known| known == name);
    let told_apart = has("emissionsrate") || has("codecarbonversion") || has("trackingmode");
    let measures = has("energyconsumed") || has("emissions");
    // Somebody who has named the figures has made a models file of it.
    let mapped = has("energykwh") || has("emissionskg") || has("emissionst") || has("emissionsg");
    (told_apart && measures && !mapped).then_some(
        "this is part of an emissions.csv of CodeCarbon, without the columns that tell its runs apart (timestamp, \
         project_name, run_id); give the file as CodeCarbon wrote it, or write one row per model: id, energy_kwh (the \
         sum of energy_consumed of its runs, in kWh), emissions_kg (of emissions, in kg), region (country_iso_code), \
         hardware (gpu_model) and source = calculator",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_named_and_tables_are_not() {
        for (bytes, word) in [
            (&b"\x1f\x8b\x08\0"[..], "gunzip"),
            (b"PK\x03\x04\x14\0", "spreadsheet"),
            (b"[{\"id\": 1}]", "JSON"),
            (b"<!DOCTYPE html>", "web page"),
            (b"# mine\n\nmodels = [\"m.csv\"]\n", ".toml"),
            (b"[priors.grid]\n", ".toml"),
        ] {
            assert!(of_bytes(bytes).is_some_and(|what| what.contains(word)), "{word}");
        }
        for table in [&b"id,tokens\na,1\n"[..], b"[id],x\n", b"--- ,x\n", b"", b"models,id\n", b"#,id\nseed,a=b\n"] {
            assert_eq!(of_bytes(table), None);
        }
    }

    #[test]
    fn codecarbon_is_known_by_its_header() {
        let header = |text: &str| text.split(',').map(str::to_string).collect::<Vec<_>>();
        for text in
            ["timestamp,project_name,duration,emissions,emissions_rate,energy_consumed", "id,emissions,tracking_mode"]
        {
            assert!(of_header(&header(text)).is_some_and(|what| what.contains("CodeCarbon")), "{text}");
        }
        for text in ["id,emissions,energy_consumed", "id,energy_kwh,emissions,codecarbon_version"] {
            assert_eq!(of_header(&header(text)), None, "{text}");
        }
    }
}
