//! What two studies set otherwise. Draws, seed and level are none of it: they are the same in both by the time they are
//! compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::portfolio::{Further, Study};

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// As in a study file, such as `scope.basis`.
    pub name: String,
    /// In the first study; `None`: not set.
    pub first: Option<String>,
    /// In the second.
    pub second: Option<String>,
}

/// The settings that differ, by name.
pub fn differences([first, second]: [&Study; 2]) -> Vec<Setting> {
    let [first, second] = [settings(first), settings(second)];
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let of = |name: &String| Setting {
        name: name.clone(),
        first: first.get(name).cloned(),
        second: second.get(name).cloned(),
    };
    names.into_iter().map(of).filter(|setting| setting.first != setting.second).collect()
}

fn settings(study: &Study) -> BTreeMap<String, String> {
    let scope = study.scope;
    let mut all = BTreeMap::from([
        ("default_shared".to_string(), study.default_shared.to_string()),
        ("learn".into(), study.learn.to_string()),
        ("facts".into(), study.facts.to_string()),
        ("scope.run".into(), scope.run.name().into()),
        ("scope.boundary".into(), scope.boundary.name().into()),
        ("scope.basis".into(), scope.basis.name().into()),
        ("scope.embodied".into(), scope.embodied.to_string()),
        ("imputation.compute".into(), study.imputation.name().into()),
    ]);
    for further in Further::ALL {
        all.insert(format!("outputs.{}", further.name()), study.outputs.has(further).to_string());
    }
    if let Some(fits) = &study.fits {
        all.insert("imputation.fits".into(), fits.display().to_string());
    }
    if !study.groups_by.is_empty() {
        all.insert("groups.by".into(), study.groups_by.join(", "));
    }
    let mut ordinals: BTreeMap<String, usize> = BTreeMap::new();
    for spec in &study.shared {
        let by = if spec.by.is_empty() { String::new() } else { format!(" by {}", spec.by.join(", ")) };
        let name = format!("shared {}{by}", spec.factor.name());
        let nth = ordinals.entry(name.clone()).or_default();
        *nth += 1;
        let name = if *nth > 1 { format!("{name} ({nth})") } else { name };
        all.insert(name, format!("gsd {}", spec.gsd));
    }
    flattened("priors", &study.priors, &mut all);
    all
}

/// A table's values by their dotted names.
fn flattened(name: &str, table: &toml::Table, into: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = format!("{name}.{key}");
        match value {
            toml::Value::Table(table) => flattened(&name, table, into),
            toml::Value::String(text) => drop(into.insert(name, text.clone())),
            value => drop(into.insert(name, value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::priors::{names, set};
    use crate::portfolio::{Basis, Factor, Place, SharedSpec};

    #[test]
    fn what_is_set_otherwise_is_named() {
        let first = Study::default();
        assert_eq!(differences([&first, &first]), []);
        let mut second = Study { learn: false, ..first.clone() };
        second.scope.basis = Basis::Market;
        set(&mut second.priors, names::compute::LIKELY_GSD, 3.0);
        let shared =
            |gsd: f64| SharedSpec { factor: Factor::Grid, gsd, by: vec!["region".into()], place: Place::default() };
        second.shared = vec![shared(1.2), shared(1.3)];
        let found = differences([&first, &second]);
        let shown: Vec<String> = found
            .iter()
            .map(|s| {
                format!("{}: {} -> {}", s.name, s.first.as_deref().unwrap_or("-"), s.second.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "learn: true -> false",
                "priors.compute.likely_gsd: - -> 3.0",
                "scope.basis: location -> market",
                "shared grid by region: - -> gsd 1.2",
                "shared grid by region (2): - -> gsd 1.3",
            ]
        );
    }
}
