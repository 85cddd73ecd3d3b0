//! Changes of many rows, as one for each kind.
//!
//! A file of a million models has a million figures of water. What is done to one field for one reason is listed once,
//! with its first place and how often it was done.

use std::collections::HashMap;

use super::rows::{Change, Imported, What};

/// Gathers the changes of one row after the other.
#[derive(Default)]
pub(super) struct Tally {
    first: Vec<(Change, u64)>,
    by_kind: HashMap<(What, String, String), usize>,
}

impl Tally {
    /// Takes the rows of `found` over, and counts its changes.
    pub(super) fn take(&mut self, found: Imported, into: &mut Imported) {
        into.rows.extend(found.rows);
        for change in found.changes {
            let kind = (change.what, change.field.clone(), change.reason.clone());
            let place = *self.by_kind.entry(kind).or_insert(self.first.len());
            match self.first.get_mut(place) {
                Some((_, times)) => *times += 1,
                None => self.first.push((change, 1)),
            }
        }
    }

    /// Writes them.
    pub(super) fn end(self, into: &mut Imported) {
        into.changes.extend(self.first.into_iter().map(|(mut change, times)| {
            if times > 1 {
                change.reason += &format!(" (the same in {} more rows)", times - 1);
            }
            change
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_for_each_kind() {
        let (mut tally, mut all) = (Tally::default(), Imported::default());
        for line in 1..4 {
            let mut found = Imported::default();
            found.dropped(line, "water", line.to_string(), "not read");
            found.dropped(line, "water", "x", if line == 2 { "no number" } else { "not read" });
            tally.take(found, &mut all);
        }
        tally.end(&mut all);
        let shown: Vec<_> = all.changes.iter().map(|c| (c.line, c.reason.as_str())).collect();
        assert_eq!(shown, [(1, "not read (the same in 4 more rows)"), (2, "no number")]);
    }
}
