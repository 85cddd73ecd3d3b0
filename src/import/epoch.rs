//! An export of Epoch AI ("Data on AI Models"), headed in prose or in snake case, as one model per row.
//!
//! What a row states is not always of the training run that a models file asks for:
//!
//! - a model made from another carries its base's compute; its own is `Finetune compute (FLOP)`, or unknown;
//! - a data set size is that of one epoch in tokens only for language models, and only where 6 N D agrees with the
//!   compute: elsewhere it counts images, or what the data set holds and not what was read of it;
//! - the hours are by the clock, and some were made from the compute, as their notes say;
//! - the country is that of the organisation; the power is Epoch's estimate of the whole cluster.
//!
//! What is said of many rows is one change, with how many rows it is about.

use std::collections::{BTreeMap, HashMap};

use super::cells::{self, Cells, Number};
use super::{Imported, Importer, Row, Source, What};
use crate::portfolio::formats::{Fault, Record};
use crate::portfolio::number::Decimal;

/// Epoch's list of models.
pub(super) const IMPORTER: Importer =
    Importer { kind: "epoch", title: "an export of Epoch AI's models", recognise, read };

const MODEL: [&str; 2] = ["model", "system"];
const COMPUTE: [&str; 2] = ["trainingcomputeflop", "trainingcompute"];
const SIZE: [&str; 4] = [
    "trainingdatasetsize",
    "trainingdatasetsizedatapoints",
    "trainingdatasetsizetotal",
    "trainingdatasetsizegradients",
];
const COUNTRY: [&str; 3] = ["countryoforganization", "countryfromorganization", "country"];
const POWER: [&str; 1] = ["trainingpowerdraww"];

/// Names that hardly another table has.
const MARKS: [&[&str]; 9] = [
    &COMPUTE,
    &["publicationdate"],
    &SIZE,
    &["finetunecomputeflop"],
    &["countryoforganization", "countryfromorganization", "organizationcategory", "organizationcategorization"],
    &["modelaccessibility"],
    &["notabilitycriteria"],
    &["hardwarequantity"],
    &POWER,
];
/// So many of them make an export of Epoch.
const ENOUGH: usize = 4;

fn recognise(source: &Source<'_>) -> bool {
    let names = cells::header(&source.text);
    let has = |name: &str| names.iter().any(|known| known == name);
    let marks = MARKS.iter().filter(|mark| mark.iter().any(|name| has(name))).count();
    // A table with ids, or with figures under the names of a models file, is a models file.
    let own =
        ["id", "modelid", "repoid", "computeflop", "energykwh", "emissionst", "emissionskg", "gpuhours", "tokens"];
    MODEL.iter().any(|name| has(name)) && marks >= ENOUGH && !own.iter().any(|name| has(name))
}

/// Chips of the exports that the hardware table lacks and that resemble others in it: a run would refuse them.
const WITHOUT_DATA: [&str; 3] = ["NVIDIA GeForce GTX 285", "NVIDIA GeForce GTX 480", "NVIDIA GeForce GTX 590"];

/// Changes of one kind, counted.
type Tally = BTreeMap<(What, &'static str, &'static str), (u64, u64, String)>;

/// What a row says, as it is read.
struct Reader<'c> {
    cells: &'c Cells,
    tally: Tally,
    imported: Imported,
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let cells = Cells::read(source)?;
    let mut reader = Reader { cells: &cells, tally: Tally::new(), imported: Imported::default() };
    let ids = ids(&cells, &mut reader.imported);
    for (record, id) in cells.rows.iter().zip(ids) {
        if record.cells.len() != cells.width {
            let (found, wanted) = (record.cells.len(), cells.width);
            let reason = format!("the row has {found} cells, the header {wanted}");
            reader.imported.dropped(record.line, "", record.cells.join(","), reason);
        } else if let Some(id) = id {
            let row = reader.row(record, &id);
            reader.imported.rows.push(row);
        }
    }
    let Reader { tally, mut imported, .. } = reader;
    for ((what, field, reason), (count, line, value)) in tally {
        let reason = if count == 1 { reason.to_string() } else { format!("{reason} ({count} rows)") };
        match what {
            What::Dropped => imported.dropped(line, field, value, reason),
            What::Repaired => imported.repaired(line, field, value, reason),
            What::Assumed => imported.assumed(line, field, value, reason),
        }
    }
    if imported.rows.is_empty() {
        return Err(vec![Fault::new(0, "", "no row of the export names a model")]);
    }
    Ok(imported)
}

/// The id of each row: its model, with the organisation or a number where another row has that too.
fn ids(cells: &Cells, imported: &mut Imported) -> Vec<Option<String>> {
    let names: Vec<String> = cells.rows.iter().map(|row| cells::name(cells.get(row, &MODEL)).into_owned()).collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    names.iter().for_each(|name| *times.entry(name).or_default() += 1);
    let mut taken: HashMap<String, u64> =
        names.iter().filter(|name| times.get(name.as_str()) == Some(&1)).map(|name| (name.clone(), 0)).collect();
    let mut found = Vec::with_capacity(names.len());
    for (row, name) in cells.rows.iter().zip(&names) {
        if name.is_empty() {
            imported.dropped(row.line, "model", row.cells.join(","), "the row names no model");
            found.push(None);
            continue;
        }
        if times.get(name.as_str()) == Some(&1) {
            found.push(Some(name.clone()));
            continue;
        }
        let organization = cells::name(first_of(cells.get(row, &["organization"])));
        let named = if organization.is_empty() { name.clone() } else { format!("{name} ({organization})") };
        let mut id = named.clone();
        while taken.contains_key(&id) {
            // Each number is tried once for a name.
            let number = taken.entry(named.clone()).or_default();
            *number = (*number).max(1) + 1;
            id = format!("{named} {number}");
        }
        taken.insert(id.clone(), 0);
        let reason = format!("several rows have this name; this one is called \"{id}\"");
        imported.assumed(row.line, "model", name.clone(), reason);
        found.push(Some(id));
    }
    found
}

fn first_of(list: &str) -> &str {
    list.split(',').next().unwrap_or("").trim()
}

impl Reader<'_> {
    fn tell(&mut self, what: What, row: &Record, field: &'static str, value: &str, reason: &'static str) {
        let entry = self.tally.entry((what, field, reason)).or_insert_with(|| (0, row.line, value.to_string()));
        entry.0 += 1;
    }

    fn drop(&mut self, row: &Record, field: &'static str, value: &str, reason: &'static str) {
        self.tell(What::Dropped, row, field, value, reason);
    }

    fn assume(&mut self, row: &Record, field: &'static str, value: &str, reason: &'static str) {
        self.tell(What::Assumed, row, field, value, reason);
    }

    fn number(&mut self, row: &Record, names: &[&str], field: &str) -> Option<f64> {
        let text = self.cells.get(row, names);
        match Number::read(text) {
            Number::Junk(why) => {
                self.imported.dropped(row.line, field, text, why);
                None
            }
            // Nothing of a model is 0; Epoch has no such value on purpose.
            Number::Of(0.0) => {
                self.imported.dropped(row.line, field, text, "this is no value of a model that was trained");
                None
            }
            other => other.get(),
        }
    }

    fn row(&mut self, record: &Record, id: &str) -> Row {
        let get = |names: &[&str]| self.cells.get(record, names);
        let mut row = Row::new(record.line, id);
        row.set("organization", cells::name(first_of(get(&["organization"]))));
        row.set("domain", get(&["domain"]));
        row.set("task", get(&["task"]));
        row.set("numerical_format", get(&["numericalformat"]));
        row.set("figures_from", "list");
        self.date(&mut row, record);
        self.country(&mut row, record);
        let parameters = self.number(record, &["parameters"], "parameters");
        set(&mut row, "parameters", parameters);
        let flop = self.compute(&mut row, record, id);
        self.tokens(&mut row, record, parameters, flop);
        self.hardware(&mut row, record);
        row
    }

    fn date(&mut self, row: &mut Row, record: &Record) {
        let text = self.cells.get(record, &["publicationdate"]);
        let parts: Vec<&str> = text.get(..10).unwrap_or(text).split('-').collect();
        let digits = |part: &&str| (part.len() == 4 || part.len() == 2) && part.bytes().all(|b| b.is_ascii_digit());
        if parts.first().is_some_and(|year| year.len() == 4) && parts.iter().all(digits) {
            row.set("date", parts.join("-"));
        } else if !text.is_empty() {
            self.imported.dropped(record.line, "publication date", text, "this is no date as Epoch writes it");
        }
    }

    /// As the fixtures of this project treat it: one country of all organisations stands for the place of training.
    fn country(&mut self, row: &mut Row, record: &Record) {
        let text = self.cells.get(record, &COUNTRY);
        let mut names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        names.dedup();
        match names.as_slice() {
            [] => {}
            ["Multinational"] => self.drop(record, "country", text, "this is no country"),
            [one] => {
                row.set("region", *one);
                let reason = "the country of the organisation is taken for the place of training";
                self.assume(record, "country", text, reason);
            }
            _ => self.drop(record, "country", text, "the organisations are in several countries; none is taken"),
        }
    }

    /// The run's own compute, which is returned.
    fn compute(&mut self, row: &mut Row, record: &Record, id: &str) -> Option<f64> {
        let whole = self.number(record, &COMPUTE, "training compute (FLOP)");
        let own = self.number(record, &["finetunecomputeflop"], "finetune compute (FLOP)");
        let confidence = self.cells.get(record, &["confidence"]).to_lowercase();
        let base = self.bases(row, record, id);
        let flop = match (base, own, whole) {
            (true, Some(own), _) => Some(own),
            (true, None, Some(_)) => {
                let text = self.cells.get(record, &COMPUTE);
                let reason = "the model was made from another, whose compute this may hold; its own is not stated";
                self.drop(record, "training compute (FLOP)", text, reason);
                None
            }
            _ => whole,
        };
        if confidence == "wrong" && flop.is_some() {
            let text = self.cells.get(record, &COMPUTE);
            self.drop(record, "training compute (FLOP)", text, "Epoch marks it as wrong");
            return None;
        }
        set(row, "compute_flop", flop);
        if flop.is_some() {
            let known = ["confident", "likely", "speculative"].iter().find(|known| **known == confidence);
            row.set("compute_confidence", known.copied().unwrap_or("unknown"));
        }
        flop
    }

    /// Sets the bases; whether there are any.
    fn bases(&mut self, row: &mut Row, record: &Record, id: &str) -> bool {
        let text = self.cells.get(record, &["basemodel"]);
        let mut bases = Vec::new();
        for base in text.split(',').map(str::trim).filter(|base| !base.is_empty()) {
            if base.eq_ignore_ascii_case(id) {
                self.imported.dropped(record.line, "base model", text, "the model names itself");
            } else {
                bases.push(cells::name(base).replace(';', ","));
            }
        }
        if bases.is_empty() {
            return false;
        }
        row.set("base_model", bases.join(";"));
        let name = id.to_lowercase();
        row.set("relation", if name.contains("distill") { "distill" } else { "finetune" });
        true
    }

    fn tokens(&mut self, row: &mut Row, record: &Record, parameters: Option<f64>, flop: Option<f64>) {
        const NEAR: f64 = 1.5;
        let text = self.cells.get(record, &SIZE);
        let size = self.number(record, &SIZE, "training dataset size");
        let epochs = self.number(record, &["epochs"], "epochs");
        let Some(size) = size else { return };
        let language = self.cells.get(record, &["domain"]).contains("Language");
        let named = row.get("base_model").is_some();
        let field = "training dataset size";
        if !language {
            return self.drop(record, field, text, "not tokens: the model is not one of language");
        }
        match parameters.zip(flop).map(|(n, c)| 6.0 * n * size * epochs.unwrap_or(1.0) / c) {
            Some(ratio) if !(1.0 / NEAR..=NEAR).contains(&ratio) => {
                let reason = "6 N D is not within 1.5 of the compute, so this is not the number of tokens seen";
                return self.drop(record, field, text, reason);
            }
            None if named => {
                let reason =
                    "the model was made from another, and its own compute does not show what this is the size of";
                return self.drop(record, field, text, reason);
            }
            None => self.assume(record, field, text, "the size is taken for tokens, which no compute confirms"),
            Some(_) => {}
        }
        set(row, "tokens", Some(size));
        set(row, "epochs", epochs);
    }

    fn hardware(&mut self, row: &mut Row, record: &Record) {
        let chips: Vec<&str> = self.cells.get(record, &["traininghardware"]).split(',').map(str::trim).collect();
        if chips.iter().any(|chip| WITHOUT_DATA.contains(chip)) {
            let text = self.cells.get(record, &["traininghardware"]);
            return self.drop(
                record,
                "training hardware",
                text,
                "nothing is known of this chip; its hours are not used",
            );
        }
        row.set("hardware", chips.join(";"));
        let quantity = self.number(record, &["hardwarequantity"], "hardware quantity");
        set(row, "hardware_count", quantity);
        let hours = self.number(record, &["trainingtimehours"], "training time (hours)");
        let notes = self.cells.get(record, &["trainingtimenotes"]).to_lowercase();
        // Words of notes on hours that were made from the compute or guessed.
        let made = ["assum", "infer", "estimat", "peak", "utiliz", "utilis", "upper bound", "guess", "imput", "mfu"];
        if let Some(hours) = hours {
            let text = Decimal(hours).to_string();
            if made.iter().any(|word| notes.contains(word)) {
                self.drop(record, "training time (hours)", &text, "its notes say that it was estimated");
            } else if let Some(quantity) = quantity {
                set(row, "gpu_hours", Some(hours * quantity));
            } else {
                self.drop(record, "training time (hours)", &text, "the number of chips is not stated");
            }
        }
        let text = self.cells.get(record, &["mfu", "hardwareutilizationmfu"]);
        match self.number(record, &["mfu", "hardwareutilizationmfu"], "hardware utilization (MFU)") {
            Some(mfu) if mfu <= 1.0 => set(row, "mfu", Some(mfu)),
            Some(_) => self.drop(record, "hardware utilization (MFU)", text, "a fraction is at most 1"),
            None => {}
        }
        let other = self.cells.get(record, &["hfu", "hardwareutilizationhfu", "hardwareutilization"]);
        if !other.is_empty() {
            self.drop(record, "hardware utilization (HFU)", other, "not the MFU, or not said to be");
        }
        let power = self.cells.get(record, &POWER);
        if !power.is_empty() {
            self.drop(
                record,
                "training power draw (W)",
                power,
                "Epoch's estimate of the whole cluster, not a power per chip",
            );
        }
    }
}

fn set(row: &mut Row, column: &'static str, value: Option<f64>) {
    if let Some(x) = value {
        row.set(column, Decimal(x).to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::import::GroupBy;

    const PROSE: &str = "Model,Domain,Task,Organization,Publication date,Parameters,Training compute (FLOP),\
        Training dataset size (total),Epochs,Training time (hours),Training hardware,Hardware quantity,\
        Hardware utilization (MFU),Confidence,Base model,Finetune compute (FLOP),Training power draw (W),\
        Country (of organization)";
    const SNAKE: &str = "model,domain,task,organization,publication_date,parameters,training_compute_flop,\
        training_dataset_size,epochs,training_time_hours,training_hardware,hardware_quantity,mfu,confidence,base_model,\
        finetune_compute_flop,training_power_draw_w,country";
    /// 6 N D = 6 × 7e9 × 2e12 = 8.4e22.
    const ROW: &str =
        "X,Language,Chat,\"Lab,Other\",2023-05-01,7e9,8.4e22,2e12,,100,NVIDIA A100,64,0.4,Confident,,,51200,France";

    fn imported(head: &str, rows: &[String]) -> Imported {
        let text = format!("{head}\n{}\n", rows.join("\n"));
        let source = Source::new(Path::new("models.csv"), text.as_bytes(), GroupBy::Project);
        assert!(recognise(&source), "{head}");
        read(&source).unwrap()
    }

    fn of(rows: &[String]) -> Imported {
        imported(PROSE, rows)
    }

    fn reasons(found: &Imported, what: What) -> Vec<&str> {
        found.changes.iter().filter(|c| c.what == what).map(|c| c.field.as_str()).collect()
    }

    #[test]
    fn both_headers_say_the_same() {
        let (prose, snake) = (imported(PROSE, &[ROW.into()]), imported(SNAKE, &[ROW.into()]));
        assert_eq!(prose, snake);
        for (column, want) in [
            ("id", "X"),
            ("organization", "Lab"),
            ("date", "2023-05-01"),
            ("parameters", "7e9"),
            ("compute_flop", "8.4e22"),
            ("compute_confidence", "confident"),
            ("tokens", "2e12"),
            ("gpu_hours", "6400"),
            ("hardware", "NVIDIA A100"),
            ("hardware_count", "64"),
            ("mfu", "0.4"),
            ("region", "France"),
            ("figures_from", "list"),
        ] {
            assert_eq!(prose.rows[0].get(column), Some(want), "{column}");
        }
        assert_eq!(prose.rows[0].get("power_w"), None);
        assert_eq!(reasons(&prose, What::Dropped), ["training power draw (W)"]);
        assert_eq!(reasons(&prose, What::Assumed), ["country"]);
    }

    #[test]
    fn a_model_made_from_another_has_its_own_compute_or_none() {
        let row = |base: &str, own: &str| of(&[ROW.replace("Confident,,", &format!("Confident,{base},{own}"))]);
        let found = row("Y", "1e20");
        assert_eq!(
            (found.rows[0].get("compute_flop"), found.rows[0].get("relation")),
            (Some("1e20"), Some("finetune"))
        );
        // Its data do not make its compute.
        assert_eq!(found.rows[0].get("tokens"), None);
        let found = row("Y", "");
        assert_eq!((found.rows[0].get("compute_flop"), found.rows[0].get("tokens")), (None, None));
        assert!(reasons(&found, What::Dropped).contains(&"training compute (FLOP)"));
        // Negative control: without a base the compute is the model's own.
        assert_eq!(row("", "").rows[0].get("compute_flop"), Some("8.4e22"));
        assert_eq!(row("x", "").rows[0].get("base_model"), None, "its own base");
    }

    #[test]
    fn sizes_are_tokens_only_where_they_can_be() {
        let tokens = |from: &str, to: &str| of(&[ROW.replace(from, to)]).rows[0].get("tokens").map(str::to_string);
        assert_eq!(tokens("", ""), Some("2e12".into()));
        assert_eq!(tokens("Language", "Vision"), None);
        assert_eq!(tokens("2e12", "2e11"), None);
        assert_eq!(tokens("8.4e22", ""), Some("2e12".into()));
    }

    #[test]
    fn names_that_occur_twice_and_junk() {
        let other = ROW.replace("Lab,Other", "Third");
        let found = of(&[ROW.into(), other.clone(), other.replace("7e9", "-7e9"), ROW.replace("X,", ",")]);
        let ids: Vec<_> = found.rows.iter().map(|row| row.get("id").unwrap()).collect();
        assert_eq!(ids, ["X (Lab)", "X (Third)", "X (Third) 2"]);
        assert_eq!(found.rows[2].get("parameters"), None);
        assert!(found.changes.iter().any(|c| c.field == "parameters" && c.value == "-7e9" && c.line == 4));
        assert_eq!(found.changes.iter().filter(|c| c.field == "model" && c.line == 5).count(), 1);
    }

    #[test]
    fn models_files_are_not_taken_for_exports() {
        for models in [
            "model,publication_date,parameters,training_compute_flop,tokens",
            "id,Model,Publication date,Training compute (FLOP),Hardware quantity,Model accessibility",
            "Model,Publication date,Parameters,Training compute (FLOP),Confidence",
        ] {
            assert!(!recognise(&Source::new(Path::new("m.csv"), models.as_bytes(), GroupBy::Run)), "{models}");
        }
    }
}
