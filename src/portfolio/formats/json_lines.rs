//! JSON Lines: an object on each line, in UTF-8 with or without BOM; its keys name the columns.
//!
//! The columns are the keys of all lines, in the order in which they first occur: a first pass gathers them, a second one
//! gives the rows, one by one. A key that a line lacks is an empty cell, and so is `null`. Numbers stay as they are
//! written, so that a cell says what the file says. A list or an object is the text it would be in a cell of a CSV file;
//! what that means is decided where cells are read. A line that is no object is a fault, and the others are still read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Fault, Record, Table};
use crate::portfolio::spelling::normal;
use crate::portfolio::synonyms::IDS;

/// No table has more columns; each row has room for all of them.
const MOST_COLUMNS: usize = 10_000;

/// Reads the text of a file in JSON Lines.
///
/// ```
/// use carbonhaze::low_level::portfolio::formats::json_lines;
///
/// let mut table = json_lines::table(b"{\"id\": \"llama\", \"tokens\": 2e12}\n\n{\"id\": \"bert\", \"epochs\": 40}\n");
/// assert_eq!(table.header.unwrap().cells, ["id", "tokens", "epochs"]);
/// let row = table.records.nth(1).unwrap().unwrap();
/// assert_eq!((row.line, row.cells), (3, ["bert", "", "40"].map(String::from).to_vec()));
/// ```
pub fn table(bytes: &[u8]) -> Table<'_> {
    let nothing = |fault| Table { header: None, records: Box::new(std::iter::empty()), faults: vec![fault] };
    let mut columns = Columns::default();
    let (mut first, mut good) = (None, false);
    for (line, text) in lines(bytes) {
        match columns.see(line, text) {
            Ok(()) => good = true,
            Err(fault) => drop(first.get_or_insert(fault)),
        }
        if columns.names.len() > MOST_COLUMNS {
            let message = format!(
                "up to this line there are more than {MOST_COLUMNS} different keys; write each model under the same keys"
            );
            return nothing(Fault::new(line, "", message));
        }
    }
    match first {
        None if !good => nothing(Fault::new(0, "", "the file is empty; each line must be an object, and is a model")),
        Some(fault) if !good => {
            let message = format!("no line of the file is an object of JSON Lines; of the first: {}", fault.message);
            nothing(Fault { message, ..fault })
        }
        _ => {
            let names = columns.names.iter().map(|name| name.trim().to_string()).collect();
            let records = lines(bytes).map(move |(line, text)| columns.record(line, text));
            Table { header: Some(Record { line: 1, cells: names }), records: Box::new(records), faults: Vec::new() }
        }
    }
}

/// Text that is a table in JSON Lines: its first line is an object, and it has another line or an id. A document of
/// another tool, and one that is spread over lines, is none.
pub fn recognise(bytes: &[u8]) -> bool {
    let mut lines = lines(bytes);
    let Some((line, first)) = lines.next() else { return false };
    let opens = first.strip_prefix(b"{").is_some_and(|inner| inner.trim_ascii_start().starts_with(b"\""));
    if !opens || !first.ends_with(b"}") {
        return false;
    }
    if lines.next().is_some_and(|(_, next)| next.starts_with(b"{")) {
        return true;
    }
    let mut columns = Columns::default();
    let is_id = |name: &String| IDS.contains(&normal(name).as_str()) || normal(name) == "id";
    columns.see(line, first).is_ok() && columns.names.iter().any(is_id)
}

/// The physical lines that are not blank, without the blanks around them, numbered from 1.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines).filter(|(_, text)| !text.is_empty())
}

/// The keys of a file and their places.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// The line that last had the key.
    last: Vec<u64>,
}

impl Columns {
    /// Gathers the keys of a line, if it is an object.
    fn see(&mut self, line: u64, text: &[u8]) -> Result<(), Fault> {
        let before = self.names.len();
        let text = object(line, text)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = reader.deserialize_map(Keys { columns: self, expected: 0 }).and_then(|()| reader.end());
        read.map_err(|e| {
            // What a broken line names is no column.
            for name in self.names.drain(before..) {
                self.places.remove(&name);
            }
            broken(line, text, &e)
        })
    }

    /// The cells of a line.
    fn record(&mut self, line: u64, text: &[u8]) -> Result<Record, Fault> {
        let text = object(line, text)?;
        self.last.resize(self.names.len(), 0);
        let mut cells = vec![String::new(); self.names.len()];
        let mut wrong = None;
        let mut reader = serde_json::Deserializer::from_str(text);
        let cell = |place: usize, value: &RawValue| {
            let name = &self.names[place];
            if std::mem::replace(&mut self.last[place], line) == line {
                let message = "the key occurs twice in this line; keep one of them";
                wrong.get_or_insert_with(|| Fault::new(line, name.as_str(), message));
            }
            match text_of(value.get()) {
                Ok(text) => cells[place] = text.trim().to_string(),
                Err(e) => drop(wrong.get_or_insert_with(|| {
                    let near = format!("{name}: {}", value.get());
                    Fault::new(line, near, format!("the text cannot be read ({}); mend it", reason(&e)))
                })),
            }
        };
        let read = reader.deserialize_map(Cells { places: &self.places, names: &self.names, cell });
        read.and_then(|()| reader.end()).map_err(|e| broken(line, text, &e))?;
        wrong.map_or(Ok(Record { line, cells }), Err)
    }

    fn place(&mut self, key: &str) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = self.names.len();
        self.names.push(key.to_string());
        self.places.insert(key.to_string(), place);
        place
    }
}

/// The text of a line that may be an object.
fn object(line: u64, text: &[u8]) -> Result<&str, Fault> {
    let Ok(object) = std::str::from_utf8(text) else {
        let message = "the line is not in UTF-8; save the file in UTF-8";
        return Err(Fault::new(line, String::from_utf8_lossy(text), message));
    };
    match object.starts_with('{') {
        true => Ok(object),
        false => Err(Fault::new(line, object, "the line is no object; write each model as {\"id\": …} on its line")),
    }
}

/// The text of a value as a cell.
fn text_of(raw: &str) -> serde_json::Result<Cow<'_, str>> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => match raw.contains('\\') {
            false => Cow::Borrowed(raw.trim_matches('"')),
            true => Cow::Owned(serde_json::from_str(raw)?),
        },
        Some(b'[') => Cow::Owned(list(raw)?),
        Some(b'n') => Cow::Borrowed(""),
        _ => Cow::Borrowed(raw),
    })
}

/// A list as a CSV file has it in a cell, without escapes that stand for plain letters.
fn list(raw: &str) -> serde_json::Result<String> {
    let elements: Vec<&RawValue> = serde_json::from_str(raw)?;
    let mut text = String::from("[");
    for (i, element) in elements.into_iter().enumerate() {
        text.push_str(if i > 0 { ", " } else { "" });
        match element.get().starts_with('"') {
            true => text.push_str(&serde_json::to_string(&serde_json::from_str::<String>(element.get())?)?),
            false => text.push_str(element.get()),
        }
    }
    text.push(']');
    Ok(text)
}

fn broken(line: u64, text: &str, error: &serde_json::Error) -> Fault {
    let near: String = text.chars().skip(error.column().saturating_sub(20)).take(40).collect();
    let message = match ["NaN", "Infinity"].iter().any(|word| near.contains(word)) {
        true => "NaN and Infinity are no values of JSON; write null where a value is missing".to_string(),
        false => format!("the line is no complete object of JSON here ({}); mend it or export it again", reason(error)),
    };
    Fault::new(line, near, message)
}

/// What the reader of JSON says, without its place, which is that within the line.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_string()
}

/// Gathers the keys of an object.
struct Keys<'c> {
    columns: &'c mut Columns,
    /// The place of the next key, if the line has the keys of the one before.
    expected: usize,
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(&mut self)?.is_some() {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let Key(key) = Key::deserialize(reader)?;
        if self.columns.names.get(self.expected).is_none_or(|name| *name != key) {
            self.expected = self.columns.place(&key);
        }
        self.expected += 1;
        Ok(())
    }
}

/// Gives the place and the text of each value of an object away.
struct Cells<'c, F> {
    places: &'c HashMap<String, usize>,
    names: &'c [String],
    cell: F,
}

impl<'de, F: FnMut(usize, &'de RawValue)> Visitor<'de> for Cells<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(Key(key)) = map.next_key()? {
            let place = match self.names.get(expected) {
                Some(name) if *name == key => expected,
                _ => *self.places.get(&*key).ok_or_else(|| A::Error::custom("an unknown key"))?,
            };
            expected = place + 1;
            (self.cell)(place, map.next_value()?);
        }
        Ok(())
    }
}

/// A key, without a copy where it has no escapes.
#[derive(Deserialize)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> (Vec<String>, Vec<Result<Record, Fault>>) {
        let table = table(text);
        assert_eq!(table.faults, []);
        (table.header.unwrap().cells, table.records.collect())
    }

    #[test]
    fn cells_say_what_the_file_says() {
        let text = "\u{feff}{\"id\": \" a \", \"n\": 0.10, \"b\": true}\r\n \n{\"n\": 6.7E+09, \"x\": null, \"id\": \"\\u00e9\\\"\"}\n\
                    {\"id\": \"c\", \"b\": [\"org/a\", \"\\ud83d\\ude00\", null], \"x\": {\"k\": [1, 2]}}";
        let (names, rows) = rows(text.as_bytes());
        assert_eq!(names, ["id", "n", "b", "x"]);
        let rows: Vec<Record> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(rows[0].cells, ["a", "0.10", "true", ""]);
        assert_eq!(rows[1].cells, ["é\"", "6.7E+09", "", ""]);
        assert_eq!(rows[2].cells, ["c", "", "[\"org/a\", \"😀\", null]", "{\"k\": [1, 2]}"]);
    }

    #[test]
    fn every_bad_line_is_a_fault_and_the_others_are_read() {
        let text =
            b"{\"id\": 1}\n{\"id\": 2,\n[3]\n{\"id\": 4, \"odd\": NaN}\n{\"id\": \"\xff\"}\n{\"id\": 6, \"id\": 7}\n\
                     {\"id\": \"\\ud800\"}\n{\"id\": 8} x\n{\"id\": 9}\n";
        let (names, rows) = rows(text);
        // A broken line names no column.
        assert_eq!(names, ["id"]);
        let faults: Vec<&Fault> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
        let words =
            ["no complete object", "no object", "NaN", "UTF-8", "twice", "cannot be read", "no complete object"];
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
        for (fault, word) in faults.iter().zip(words) {
            assert!(fault.message.contains(word), "{fault:?}");
        }
        let good: Vec<u64> = rows.iter().filter_map(|row| Some(row.as_ref().ok()?.line)).collect();
        assert_eq!(good, [1, 9]);
    }

    #[test]
    fn what_holds_no_object_is_refused_once() {
        for (text, word) in
            [("", "empty"), ("\n \n", "empty"), ("id,tokens\na,1\n", "no line"), ("[{\"id\": 1}]", "no line")]
        {
            let table = table(text.as_bytes());
            assert!(table.header.is_none() && table.faults.len() == 1, "{text}");
            assert!(table.faults[0].message.contains(word), "{:?}", table.faults);
        }
        let many: String = (0..=MOST_COLUMNS).map(|i| format!("{{\"k{i}\": 1}}\n")).collect();
        assert!(table(many.as_bytes()).faults[0].message.contains("different keys"));
    }

    #[test]
    fn tables_are_recognised_and_documents_are_not() {
        for text in
            ["{\"id\": \"a\"}", "\u{feff}\n {\"Model ID\": 1}\n", "{\"x\": 1}\n{\"y\": 2}\n", "{ \"id\": 1, \"id\": 2}"]
        {
            assert!(recognise(text.as_bytes()), "{text}");
        }
        for text in
            ["", "{\n\"id\": 1}\n", "{\"nodes\": {\"id\": 1}}", "id,tokens\n", "{id},{x}\n", "[{\"id\": 1}]", "{}\n{}"]
        {
            assert!(!recognise(text.as_bytes()), "{text}");
        }
    }
}
