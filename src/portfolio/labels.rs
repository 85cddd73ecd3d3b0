//! The textual cells of a row by the names of their columns: small, as a portfolio can have millions of rows.
//!
//! The texts stand in one piece, and the names are those of the file's header, which all rows share.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;

/// Texts by column, in the order of the columns' names.
#[derive(Clone, Default)]
pub struct Labels {
    text: String,
    /// Sorted by name.
    entries: Vec<Entry>,
}

/// A column, and where its text stands.
#[derive(Clone)]
struct Entry {
    name: Arc<str>,
    begin: u32,
    end: u32,
}

impl Labels {
    /// None.
    pub fn new() -> Labels {
        Labels::default()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| (*entry.name).cmp(name))
    }

    fn text(&self, entry: &Entry) -> &str {
        self.text.get(entry.begin as usize..entry.end as usize).unwrap_or("")
    }

    /// The text in a column.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.place(name).ok().map(|place| self.text(&self.entries[place]))
    }

    /// Whether the column has a text, be it empty.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Puts a text into a column, in the place of the one that is there. Beyond 4 GiB in one row nothing is added.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, text: impl AsRef<str>) {
        let (name, text) = (name.into(), text.as_ref());
        self.remove(&name);
        let (begin, end) = (self.text.len(), self.text.len() + text.len());
        let (Ok(begin), Ok(end)) = (u32::try_from(begin), u32::try_from(end)) else { return };
        self.text.push_str(text);
        let place = self.place(&name).unwrap_or_else(|place| place);
        self.entries.insert(place, Entry { name, begin, end });
    }

    /// Takes a column out.
    pub fn remove(&mut self, name: &str) {
        let Ok(place) = self.place(name) else { return };
        let Entry { begin, end, .. } = self.entries.remove(place);
        self.text.replace_range(begin as usize..end as usize, "");
        for entry in self.entries.iter_mut().filter(|entry| entry.begin >= end) {
            entry.begin -= end - begin;
            entry.end -= end - begin;
        }
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// Columns and texts, in the order of the columns' names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (&*entry.name, self.text(entry)))
    }

    /// The columns, in the order of their names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.name)
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

impl<N: Into<Arc<str>>, T: AsRef<str>> FromIterator<(N, T)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(entries: I) -> Labels {
        let mut labels = Labels::default();
        entries.into_iter().for_each(|(name, text)| labels.insert(name, text));
        labels
    }
}

impl<N: Into<Arc<str>>, T: AsRef<str>, const K: usize> From<[(N, T); K]> for Labels {
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
}
