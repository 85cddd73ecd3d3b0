//! The textual cells of a row by the names of their columns: small, as a portfolio can have millions of rows.
//!
//! The texts stand in one piece, and the names are those of the file's header, which all rows share.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;

/// From so many columns on, a name is found by halves.
const MANY: usize = 64;

/// Names of columns, sorted, each once.
#[derive(Clone, Default)]
pub struct Names(Arc<[Arc<str>]>);

impl Names {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|known| (**known).cmp(name))
    }

    /// Few names have the same length, so nearly all are skipped without comparing letters. Where there are many, by halves.
    fn find(&self, name: &str) -> Option<usize> {
        if self.0.len() > MANY {
            return self.place(name).ok();
        }
        self.0.iter().position(|known| **known == *name)
    }
}

impl FromIterator<Arc<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Arc<str>>>(names: I) -> Names {
        let mut names: Vec<Arc<str>> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Names(names.into())
    }
}

/// Texts by column, in the order of the columns' names.
#[derive(Clone, Default)]
pub struct Labels {
    /// Of the file that the row is from.
    names: Names,
    /// In the order of the names.
    entries: Vec<Entry>,
    /// All of them, in the same order.
    text: String,
}

/// A column.
#[derive(Clone)]
struct Entry {
    /// The place of its name.
    name: u32,
    /// Where its text ends.
    end: u32,
}

impl Labels {
    /// None.
    pub fn new() -> Labels {
        Labels::default()
    }

    /// None, in columns that are most likely among these.
    pub fn among(names: &Names) -> Labels {
        Labels { names: names.clone(), ..Labels::default() }
    }

    /// The entry of a column, or where it would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        let found = self.names.place(name);
        let (Ok(number) | Err(number)) = found;
        let entry = self.entry(number);
        if found.is_ok() { entry } else { Err(entry.unwrap_or_else(|place| place)) }
    }

    /// The entry of a name, by its place, or where it would be.
    fn entry(&self, number: usize) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| (entry.name as usize).cmp(&number))
    }

    /// The entry of a column that has a text.
    fn find(&self, name: &str) -> Option<usize> {
        self.entry(self.names.find(name)?).ok()
    }

    fn begin(&self, place: usize) -> usize {
        place.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |entry| entry.end as usize)
    }

    fn text(&self, place: usize) -> &str {
        let end = self.entries.get(place).map_or(0, |entry| entry.end as usize);
        self.text.get(self.begin(place)..end).unwrap_or("")
    }

    /// The text in a column.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|place| self.text(place))
    }

    /// The same, unless it is empty.
    pub fn stated(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|text| !text.is_empty())
    }

    /// Whether the column has a text, be it empty.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Puts a text into a column, in the place of the one that is there. Beyond 4 GiB in one row nothing is added.
    pub fn insert(&mut self, name: impl AsRef<str> + Into<Arc<str>>, text: impl AsRef<str>) {
        let text = text.as_ref();
        self.remove(name.as_ref());
        let Ok(longer) = u32::try_from(text.len()) else { return };
        if self.text.len() + text.len() > u32::MAX as usize {
            return;
        }
        let (Ok(place) | Err(place)) = self.place(name.as_ref());
        let number = self.number(name);
        let begin = self.begin(place);
        self.text.insert_str(begin, text);
        self.entries.insert(place, Entry { name: number, end: begin as u32 });
        self.entries.iter_mut().skip(place).for_each(|entry| entry.end += longer);
    }

    /// The place of a name, which is added where it is not among those of the file.
    fn number(&mut self, name: impl AsRef<str> + Into<Arc<str>>) -> u32 {
        let place = self.names.place(name.as_ref());
        if let Err(place) = place {
            let mut names = self.names.0.to_vec();
            names.insert(place, name.into());
            self.names = Names(names.into());
            self.entries.iter_mut().filter(|entry| entry.name as usize >= place).for_each(|entry| entry.name += 1);
        }
        let (Ok(place) | Err(place)) = place;
        place as u32
    }

    /// Takes a column out.
    pub fn remove(&mut self, name: &str) {
        let Ok(place) = self.place(name) else { return };
        let begin = self.begin(place);
        let end = self.entries.remove(place).end;
        self.text.replace_range(begin..end as usize, "");
        self.entries.iter_mut().skip(place).for_each(|entry| entry.end -= end - begin as u32);
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// Columns and texts, in the order of the columns' names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys().enumerate().map(|(place, name)| (name, self.text(place)))
    }

    /// The columns, in the order of their names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| self.names.0.get(entry.name as usize).map_or("", |name| &**name))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Labels) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Index<&str> for Labels {
    type Output = str;

    /// The text in a column that is known to have one: for tests; [`Labels::get`] asks.
    fn index(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no label {name:?}"))
    }
}

impl<N: AsRef<str> + Into<Arc<str>>, T: AsRef<str>> FromIterator<(N, T)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(entries: I) -> Labels {
        let mut labels = Labels::default();
        entries.into_iter().for_each(|(name, text)| labels.insert(name, text));
        labels
    }
}

impl<N: AsRef<str> + Into<Arc<str>>, T: AsRef<str>, const K: usize> From<[(N, T); K]> for Labels {
    fn from(entries: [(N, T); K]) -> Labels {
        entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_columns() {
        let mut labels = Labels::from([("region", "Île-de-France"), ("date", "2024"), ("empty", "")]);
        assert_eq!((labels.get("date"), labels.get("empty"), labels.get("dat")), (Some("2024"), Some(""), None));
        assert_eq!((labels.stated("date"), labels.stated("empty"), labels.stated("dat")), (Some("2024"), None, None));
        assert_eq!(labels.keys().collect::<Vec<_>>(), ["date", "empty", "region"]);
        labels.insert("region", "Texas");
        labels.remove("date");
        labels.insert("chip", "H100");
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("chip", "H100"), ("empty", ""), ("region", "Texas")]);
        assert_eq!(&labels["region"], "Texas");
        assert!(!labels.contains_key("date") && labels.contains_key("empty"));
        // The order in which they came does not matter, nor does what was there before.
        assert_eq!(labels, Labels::from([("empty", ""), ("region", "Texas"), ("chip", "H100")]));
        assert_ne!(labels, Labels::from([("empty", ""), ("region", "Texas"), ("chip", "H10")]));
    }

    #[test]
    fn many_columns_are_found_too() {
        let name = |k: usize| format!("column {:02}", 7 * k % 97);
        for columns in [MANY - 1, MANY, MANY + 1, 97] {
            let labels: Labels = (0..columns).map(|k| (name(k), k.to_string())).collect();
            let found = (0..97).filter(|&k| labels.get(&name(k)) == Some(&k.to_string()));
            assert_eq!(found.count(), columns);
            assert_eq!((labels.get("column"), labels.get("column 98")), (None, None));
        }
    }

    #[test]
    fn rows_of_a_file_share_its_names() {
        let names: Names = ["region", "date", "tier", "date"].into_iter().map(Arc::from).collect();
        let mut labels = Labels::among(&names);
        labels.insert("tier", "5");
        labels.insert("date", "2024");
        assert!(Arc::ptr_eq(&labels.names.0, &names.0));
        // A name that is none of the file's comes before those that are there.
        labels.insert("chip", "H100");
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("chip", "H100"), ("date", "2024"), ("tier", "5")]);
        assert_eq!((labels.get("region"), labels.get("other")), (None, None));
        labels.insert("date", "2025-01");
        labels.remove("chip");
        assert_eq!(labels, Labels::from([("date", "2025-01"), ("tier", "5")]));
    }
}
