//! What a `hardware` cell says: one chip or several, and how many of them.

use super::count::{Reading, readings};
use super::instances;
use super::lookup::{lookup, near};
use super::pod;
use super::table::Chip;
use crate::portfolio::spelling::question;

/// What a cell names.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Each once, by name.
    pub chips: Vec<Named>,
    /// The machine of a cloud that was named in the place of a chip.
    pub machine: Option<&'static str>,
    /// What stands in a list next to chips and is like none ("T4, Google Colab").
    pub unread: Option<String>,
}

/// A chip that a cell names.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Of the tables.
    pub chip: &'static Chip,
    /// How many of it there are, if that is said.
    pub count: Option<f64>,
}

impl Cell {
    /// How many chips it says there are, all of them together.
    pub fn count(&self) -> Option<f64> {
        self.chips.iter().map(|named| named.count).sum()
    }

    /// The part of the run that each chip has: by their numbers where each has one, else equal.
    pub fn shares(&self) -> Vec<f64> {
        let equal = 1.0 / self.chips.len() as f64;
        let share = |named: &Named| named.count.zip(self.count()).map_or(equal, |(n, all)| n / all);
        self.chips.iter().map(share).collect()
    }
}

/// A name that is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// As the cell has it.
    pub name: String,
    /// Names that it was probably meant for; none if it is like no chip.
    pub near: Vec<&'static str>,
}

impl Unknown {
    /// What is said of it.
    pub fn advice(&self) -> String {
        format!("unknown chip; {}", question(&self.near))
    }
}

/// The chips of a cell: one name, or several ("A100;V100", "8x A100, 4x V100", "A100 and V100", "A100/H100"), each with or
/// without a count.
///
/// # Errors
/// The first name that is close to a known one, or the cell, if it names no chip.
pub fn read(cell: &str) -> Result<Cell, Unknown> {
    if let Ok(one) = one(cell) {
        return Ok(one);
    }
    let mut found = Cell { chips: Vec::new(), machine: None, unread: None };
    for name in pieces(cell).into_iter().flat_map(parts) {
        match one(name) {
            Ok(one) => one.chips.into_iter().for_each(|named| add(&mut found.chips, named)),
            Err(other) if other.near.is_empty() => {
                found.unread.get_or_insert(other.name);
            }
            Err(slip) => return Err(slip),
        }
    }
    if found.chips.is_empty() {
        return Err(Unknown { name: cell.to_string(), near: Vec::new() });
    }
    // By name, so that the order in the cell does not matter.
    found.chips.sort_by(|a, b| a.chip.name.cmp(&b.chip.name));
    Ok(found)
}

/// A chip that is named twice has both numbers together.
fn add(chips: &mut Vec<Named>, named: Named) {
    match chips.iter_mut().find(|known| known.chip.name == named.chip.name) {
        Some(known) => known.count = known.count.zip(named.count).map(|(a, b)| a + b),
        None => chips.push(named),
    }
}

/// The chips of a cell without their numbers.
///
/// # Errors
/// The first name that is not known, and what to do.
pub fn find_all(cell: &str) -> Result<Vec<&'static Chip>, (String, String)> {
    let chips = |found: Cell| found.chips.into_iter().map(|named| named.chip).collect();
    read(cell).map(chips).map_err(|unknown| (unknown.name.clone(), unknown.advice()))
}

/// The names of a list. A comma between groups of digits is part of a number ("2,048 H800").
fn pieces(cell: &str) -> Vec<&str> {
    let bytes = cell.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    for (at, c) in cell.char_indices() {
        let digits = |range: &[u8]| range.len() == 3 && range.iter().all(u8::is_ascii_digit);
        let groups = c == ','
            && cell[start..at].trim_start().bytes().all(|b| b.is_ascii_digit() || b == b',')
            && !cell[start..at].trim().is_empty()
            && bytes.get(at + 1..at + 4).is_some_and(digits)
            && !bytes.get(at + 4).is_some_and(u8::is_ascii_digit);
        if matches!(c, ',' | ';') && !groups {
            found.push(&cell[start..at]);
            start = at + 1;
        }
    }
    found.push(&cell[start..]);
    found.into_iter().map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Words and signs between the names of a list, other than commas and semicolons.
const BETWEEN: [&str; 8] = [" and ", " or ", " plus ", " with ", "&", "+", "/", "|"];

/// The names in a piece of a list: the piece itself where it is one, or what stands between words such as "and" and signs.
fn parts(piece: &str) -> Vec<&str> {
    if one(piece).is_ok() {
        return vec![piece];
    }
    let mut parts = vec![piece];
    for between in BETWEEN {
        parts = parts.into_iter().flat_map(|part| part.split(between)).collect();
    }
    let parts: Vec<&str> = parts.into_iter().map(|part| part.trim().trim_start_matches("and ")).collect();
    // Of a text without a chip the whole is given.
    if parts.iter().any(|part| one(part).is_ok()) { parts } else { vec![piece] }
}

/// One name with or without a count: a chip, a slice of TPUs, or a machine with the chips that are in it.
fn one(text: &str) -> Result<Cell, Unknown> {
    let readings = readings(text);
    readings.iter().find_map(of_reading).ok_or_else(|| {
        let name = text.trim().to_string();
        let near = readings.iter().map(|reading| near(&reading.name)).find(|names| !names.is_empty());
        Unknown { name, near: near.unwrap_or_default() }
    })
}

fn of_reading(Reading { count, name }: &Reading) -> Option<Cell> {
    let cell = |chip, count, machine| Cell { chips: vec![Named { chip, count }], machine, unread: None };
    let each_of = |chips: f64| Some(chips * count.unwrap_or(1.0));
    if let Some(machine) = instances::find(name) {
        return Some(cell(lookup(&machine.chip)?, machine.count.and_then(each_of), Some(&machine.name)));
    }
    if let Some(slice) = pod::slice(name) {
        return Some(cell(lookup(&slice.name)?, each_of(slice.chips), None));
    }
    if let Some(chip) = pod::of_cores(name) {
        return Some(cell(lookup(chip)?, count.map(|cores| cores / 2.0), None));
    }
    let plural = || count.and_then(|_| lookup(name.strip_suffix('s')?));
    Some(cell(lookup(name).or_else(plural)?, *count, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cell: &str) -> (Vec<&'static str>, Option<f64>) {
        let found = read(cell).unwrap_or_else(|u| panic!("{cell}: {u:?}"));
        (found.chips.iter().map(|named| named.chip.name.as_str()).collect(), found.count())
    }

    #[test]
    fn a_chip_and_how_many() {
        let a100 = "NVIDIA A100";
        for cell in ["8xA100", "8 x A100", "8× A100", "A100 x8", "A100 x 8", "8 A100s", "8 A100", "A100 (8 GPUs)"] {
            assert_eq!(said(cell), (vec![a100], Some(8.0)), "{cell}");
        }
        assert_eq!(said("A100"), (vec![a100], None));
        assert_eq!(said("4 x NVIDIA A100-SXM4-80GB"), (vec!["NVIDIA A100 SXM4 80 GB"], Some(4.0)));
        assert_eq!(said("2,048 H800"), (vec!["NVIDIA H800 SXM5"], Some(2048.0)));
        assert_eq!(said("NVIDIA A100 80GB (SXM4, 512)"), (vec!["NVIDIA A100 SXM4 80 GB"], Some(512.0)));
        assert_eq!(said("4 T4s"), (vec!["NVIDIA Tesla T4"], Some(4.0)));
        assert_eq!(said("2 x 3090"), (vec!["NVIDIA GeForce RTX 3090"], Some(2.0)));
        // Numbers that belong to a name.
        assert_eq!(said("3060 Ti"), (vec!["NVIDIA GeForce RTX 3060 Ti"], None));
        assert_eq!(said("4090"), (vec!["NVIDIA GeForce RTX 4090"], None));
        assert_eq!(said("DGX A100"), (vec![a100], None));
        assert_eq!(said("8 x DGX A100"), (vec![a100], None));
    }

    #[test]
    fn a_machine_is_its_chips() {
        assert_eq!(said("p4d.24xlarge"), (vec!["NVIDIA A100 SXM4 40 GB"], Some(8.0)));
        assert_eq!(said("4 x p4d.24xlarge"), (vec!["NVIDIA A100 SXM4 40 GB"], Some(32.0)));
        assert_eq!(said("a2-highgpu-4g x2"), (vec!["NVIDIA A100 SXM4 40 GB"], Some(8.0)));
        assert_eq!(said("p3"), (vec!["NVIDIA Tesla V100 SXM2 16 GB"], None));
        assert_eq!(read("p5.48xlarge").unwrap().machine, Some("p5.48xlarge"));
    }

    #[test]
    fn several_chips_in_any_order() {
        let names = |t: &str| find_all(t).map(|v| v.iter().map(|c| c.name.clone()).collect::<Vec<_>>());
        let both = names("NVIDIA V100, NVIDIA A100").unwrap();
        assert_eq!(both, ["NVIDIA A100", "NVIDIA V100"]);
        assert_eq!(names("A100;V100").unwrap(), both);
        assert_eq!(names("A100;A101").unwrap_err().0, "A101");
        assert_eq!(said("8 A100, 16 V100"), (vec!["NVIDIA A100", "NVIDIA V100"], Some(24.0)));
        assert_eq!(said("2,048 H800, 1,024 A100"), (vec!["NVIDIA A100", "NVIDIA H800 SXM5"], Some(3072.0)));
        assert_eq!(said("8 A100, V100").1, None);
        assert_eq!(said("A100, 8 x A100").1, None);
        for cell in [
            "A100 and V100",
            "A100/V100",
            "V100 + A100",
            "A100 & V100",
            "V100 or A100",
            "A100, and V100",
            "A100 | V100",
        ] {
            assert_eq!(said(cell), (vec!["NVIDIA A100", "NVIDIA V100"], None), "{cell}");
        }
        assert_eq!(said("mix of A100 and V100").0, ["NVIDIA A100", "NVIDIA V100"]);
        assert_eq!(said("TPU v4 and A100").0, ["Google TPU v4", "NVIDIA A100"]);
        assert_eq!(read("H100 and A101").unwrap_err().name, "A101");
        // What is like no chip is left out of a list, with a warning.
        assert_eq!(said("1x T4, Google Colab"), (vec!["NVIDIA Tesla T4"], Some(1.0)));
        assert_eq!(read("1x T4, Google Colab").unwrap().unread.as_deref(), Some("Google Colab"));
        assert_eq!(read("A100, V100").unwrap().unread, None);
    }

    #[test]
    fn shares_are_by_number_where_every_chip_has_one() {
        let shares = |cell: &str| read(cell).unwrap().shares();
        assert_eq!(shares("8x A100, 24x V100"), [0.25, 0.75]);
        assert_eq!(shares("8 A100 and 8 x A100 and 4 V100"), [0.8, 0.2]);
        assert_eq!(shares("8x A100, V100"), [0.5, 0.5]);
        assert_eq!(shares("p4d.24xlarge + 2 x p3.2xlarge"), [0.8, 0.2]);
        assert_eq!(shares("A100"), [1.0]);
    }

    #[test]
    fn slices_of_tpus_have_chips() {
        // Two cores in a chip up to v4 and of v5p; v5e and v6e count chips (Cloud TPU documentation).
        assert_eq!(said("TPU v4-512"), (vec!["Google TPU v4"], Some(256.0)));
        assert_eq!(said("v3-8"), (vec!["Google TPU v3"], Some(4.0)));
        assert_eq!(said("4 x v3-8"), (vec!["Google TPU v3"], Some(16.0)));
        assert_eq!(said("TPU v4-512 x2"), (vec!["Google TPU v4"], Some(512.0)));
        assert_eq!(said("TPU v2-8, TPU v3-8"), (vec!["Google TPU v2", "Google TPU v3"], Some(8.0)));
        assert_eq!(said("v5litepod-256"), (vec!["Google TPU v5e"], Some(256.0)));
        assert_eq!(said("128 TPU v3 cores"), (vec!["Google TPU v3"], Some(64.0)));
        assert_eq!(said("64 TPU v3"), (vec!["Google TPU v3"], Some(64.0)));
        assert_eq!(said("TPU v3"), (vec!["Google TPU v3"], None));
    }

    #[test]
    fn what_is_not_known_is_near_something_or_nothing() {
        assert!(read("8 x NVIDIA H110").unwrap_err().near.iter().any(|name| name.contains("H100")));
        assert!(read("H1000 Ultra").unwrap_err().advice().contains("H100"));
        for other in ["Zorgon Z9", "4 x Zorgon Z9", "Intel Xeon", "GPU", "8x", ";"] {
            assert_eq!(read(other).unwrap_err().near, Vec::<&str>::new(), "{other}");
        }
        assert_eq!(read("Zorgon Z9").unwrap_err().name, "Zorgon Z9");
    }
}
