//! What a `hardware` cell says: one chip or several, and how many of them.

use super::count::{Reading, readings};
use super::instances;
use super::lookup::{lookup, near};
use super::table::Chip;
use crate::portfolio::spelling::question;

/// What a cell names.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Each once, by name; they share the run equally.
    pub chips: Vec<&'static Chip>,
    /// How many chips it says there are, all of them together.
    pub count: Option<f64>,
    /// The machine of a cloud that was named in the place of a chip.
    pub machine: Option<&'static str>,
    /// What stands in a list beside chips and is like none ("T4, Google Colab").
    pub unread: Option<String>,
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

/// The chips of a cell: one name, or several between commas or semicolons, each with or without a count.
///
/// # Errors
/// The first name that is close to a known one, or the cell, if it names no chip.
pub fn read(cell: &str) -> Result<Cell, Unknown> {
    if let Ok(one) = one(cell) {
        return Ok(one);
    }
    let mut chips: Vec<&Chip> = Vec::new();
    let (mut count, mut unread) = (Some(0.0), None);
    for name in pieces(cell) {
        let found = match one(name) {
            Ok(found) => found,
            Err(other) if other.near.is_empty() => {
                unread.get_or_insert(other.name);
                continue;
            }
            Err(slip) => return Err(slip),
        };
        count = count.zip(found.count).map(|(sum, n)| sum + n);
        for chip in found.chips {
            if !chips.iter().any(|c| c.name == chip.name) {
                chips.push(chip);
            }
        }
    }
    if chips.is_empty() {
        return Err(Unknown { name: cell.to_string(), near: Vec::new() });
    }
    // By name, so that the order in the cell does not matter.
    chips.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Cell { chips, count, machine: None, unread })
}

/// The chips of a cell without their numbers.
///
/// # Errors
/// The first name that is not known, and what to do.
pub fn find_all(cell: &str) -> Result<Vec<&'static Chip>, (String, String)> {
    read(cell).map(|found| found.chips).map_err(|unknown| (unknown.name.clone(), unknown.advice()))
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

/// One name with or without a count: a chip, or a machine with those that are in it.
fn one(text: &str) -> Result<Cell, Unknown> {
    let readings = readings(text);
    let known = readings.iter().find_map(|reading| {
        let Reading { count, name } = reading;
        if let Some(machine) = instances::find(name) {
            let of_all = machine.count.map(|each| each * count.unwrap_or(1.0));
            let chip = lookup(&machine.chip)?;
            return Some(Cell { chips: vec![chip], count: of_all, machine: Some(&machine.name), unread: None });
        }
        let plural = || count.and_then(|_| lookup(name.strip_suffix('s')?));
        let chip = lookup(name).or_else(plural)?;
        Some(Cell { chips: vec![chip], count: *count, machine: None, unread: None })
    });
    known.ok_or_else(|| {
        let name = text.trim().to_string();
        let near = readings.iter().map(|reading| near(&reading.name)).find(|names| !names.is_empty());
        Unknown { name, near: near.unwrap_or_default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cell: &str) -> (Vec<&'static str>, Option<f64>) {
        let found = read(cell).unwrap_or_else(|u| panic!("{cell}: {u:?}"));
        (found.chips.iter().map(|c| c.name.as_str()).collect(), found.count)
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
        // What is like no chip is left out of a list, with a warning.
        assert_eq!(said("1x T4, Google Colab"), (vec!["NVIDIA Tesla T4"], Some(1.0)));
        assert_eq!(read("1x T4, Google Colab").unwrap().unread.as_deref(), Some("Google Colab"));
        assert_eq!(read("A100, V100").unwrap().unread, None);
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
