//! A text of JSON or YAML as a tree that knows the physical line of each value.
//!
//! Numbers stay as they are written (`24_700_000`, `0.10`), so that a cell of a models file says what the file says. What
//! a text may cost is bounded: no value lies deeper than [`DEEPEST`], and YAML has a budget of nodes, which aliases count
//! against. Keys that occur twice are refused. JSON is read by parts ([`Json`]), so that a file of a million models never
//! is one tree.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_saphyr::Spanned;

use crate::portfolio::formats::Fault;

/// No value lies deeper.
const DEEPEST: usize = 32;
/// What is looked at to tell formats apart, in bytes.
const HEAD: usize = 1 << 20;

/// A value and the line on which it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub(super) line: u64,
    pub(super) node: Node,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// The value of a key that is there and is not null.
    pub(super) fn get(&self, key: &str) -> Option<&Tree> {
        let (_, value) = self.entries().iter().find(|(name, _)| name == key)?;
        (value.node != Node::Null).then_some(value)
    }

    /// The value at the end of several keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// The text of a text or a number, without blanks around it.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) | Node::Number(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// The text of a key's value that is not empty.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> &[Tree] {
        if let Node::List(items) = &self.node { items } else { &[] }
    }

    /// The keys of a map with their values.
    pub(super) fn entries(&self) -> &[(String, Tree)] {
        if let Node::Map(entries) = &self.node { entries } else { &[] }
    }

    /// For messages, in a form near JSON and not longer than is read.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        self.show(&mut text);
        text
    }

    fn show(&self, text: &mut String) {
        const LONG: usize = 200;
        if text.len() > LONG {
            return;
        }
        match &self.node {
            Node::Null => text.push_str("null"),
            Node::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Node::Number(value) | Node::Text(value) => text.extend(value.chars().take(LONG)),
            Node::List(items) => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    text.push_str(if i > 0 { ", " } else { "" });
                    item.show(text);
                }
                text.push(']');
            }
            Node::Map(entries) => {
                text.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    text.push_str(if i > 0 { ", " } else { "" });
                    text.push_str(key);
                    text.push_str(": ");
                    value.show(text);
                }
                text.push('}');
            }
        }
    }
}

/// The beginning of a text, for telling formats apart.
pub(super) fn head(text: &str) -> &str {
    let end = (0..=HEAD.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The keys of the first object of a text of JSON, of a list of objects too, as far as its beginning shows them.
pub(super) fn first_keys(text: &str) -> Vec<String> {
    let text = head(text).trim_start();
    let text = text.strip_prefix('[').map_or(text, str::trim_start);
    let mut keys = Vec::new();
    if text.starts_with('{') {
        // What is cut off or broken ends the keys.
        let _ = serde_json::Deserializer::from_str(text).deserialize_map(Keys(&mut keys));
    }
    keys
}

/// Reads a text of JSON by its parts.
pub(super) struct Json<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl<'t> Json<'t> {
    pub(super) fn new(text: &'t str) -> Json<'t> {
        Json { text, at: 0, line: 1 }
    }

    /// The physical line of a part. Cheap where the parts come in their order.
    pub(super) fn line_of(&mut self, part: &str) -> u64 {
        let byte = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        if byte < self.at {
            (self.at, self.line) = (0, 1);
        }
        let bytes = self.text.as_bytes();
        let ends = |i: &usize| bytes[*i] == b'\n' || (bytes[*i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
        self.line += (self.at..byte).filter(ends).count() as u64;
        self.at = byte;
        self.line
    }

    /// Gives each key of an object with the text of its value to `each`, in their order.
    pub(super) fn each(
        &mut self,
        object: &'t str,
        mut each: impl FnMut(&mut Self, String, &'t str),
    ) -> Result<(), Fault> {
        let mut reader = serde_json::Deserializer::from_str(object);
        let read = reader.deserialize_map(Each(|key, value: &'t RawValue| each(self, key, value.get())));
        read.and_then(|()| reader.end()).map_err(|e| self.fault(object, &e))
    }

    /// The keys of an object with the texts of their values.
    pub(super) fn fields(&mut self, object: &'t str) -> Result<Vec<(String, &'t str)>, Fault> {
        let mut fields = Vec::new();
        self.each(object, |_, key, value| fields.push((key, value)))?;
        let mut seen = HashSet::new();
        match fields.iter().find(|(key, _)| !seen.insert(key.as_str())) {
            Some((key, value)) => Err(Fault::new(self.line_of(value), key, "the key occurs twice; keep one of them")),
            None => Ok(fields),
        }
    }

    /// The texts of the elements of a list.
    pub(super) fn elements(&mut self, list: &'t str) -> Result<Vec<&'t str>, Fault> {
        let elements: Result<Vec<&'t RawValue>, _> = serde_json::from_str(list);
        elements.map(|all| all.into_iter().map(RawValue::get).collect()).map_err(|e| self.fault(list, &e))
    }

    /// A part as a tree.
    pub(super) fn tree(&mut self, part: &'t str) -> Result<Tree, Fault> {
        self.tree_below(part, 0)
    }

    fn tree_below(&mut self, part: &'t str, depth: usize) -> Result<Tree, Fault> {
        let part = part.trim_start();
        let line = self.line_of(part);
        if depth > DEEPEST {
            return Err(too_deep(line));
        }
        let node = match part.as_bytes().first() {
            Some(b'{') => {
                let fields = self.fields(part)?.into_iter();
                let below = fields.map(|(key, value)| Ok((key, self.tree_below(value, depth + 1)?)));
                Node::Map(below.collect::<Result<_, Fault>>()?)
            }
            Some(b'[') => {
                let elements = self.elements(part)?.into_iter();
                Node::List(elements.map(|element| self.tree_below(element, depth + 1)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Node::Text(serde_json::from_str(part).map_err(|e| self.fault(part, &e))?),
            _ => {
                let value: &RawValue = serde_json::from_str(part).map_err(|e| self.fault(part, &e))?;
                match value.get() {
                    "null" => Node::Null,
                    "true" => Node::Bool(true),
                    "false" => Node::Bool(false),
                    number => Node::Number(number.to_string()),
                }
            }
        };
        Ok(Tree { line, node })
    }

    fn fault(&mut self, part: &str, error: &serde_json::Error) -> Fault {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let line = self.line_of(part) + (error.line().max(1) as u64 - 1);
        let at = error.line().checked_sub(1).and_then(|line| part.lines().nth(line)).unwrap_or_default();
        let near: String = at.chars().skip(error.column().saturating_sub(10)).take(20).collect();
        let advice = match ["NaN", "Infinity"].iter().any(|word| near.contains(word)) {
            true => "NaN and Infinity are no values of JSON; write null where a value is missing".to_string(),
            false => format!("the file is no complete JSON here ({message}); export it again, or mend it"),
        };
        Fault::new(line, near.trim(), advice)
    }
}

fn too_deep(line: u64) -> Fault {
    Fault::new(line, "", format!("values lie in each other more than {DEEPEST} levels deep; no known file does that"))
}

/// Gives the entries of an object away, one by one.
struct Each<F>(F);

impl<'de, F: FnMut(String, &'de RawValue)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry()? {
            (self.0)(key, value);
        }
        Ok(())
    }
}

/// Gathers the keys of an object, that of a value which is cut off too.
struct Keys<'k>(&'k mut Vec<String>);

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Reads a text of YAML that begins on this line of its file.
///
/// A tab behind the colon of a key is legal, and this reader refuses it: it is read as a blank.
pub(super) fn yaml(text: &str, first_line: u64) -> Result<Tree, Fault> {
    let read = |text: &str| {
        let read: Result<Spanned<Seen>, _> = serde_saphyr::from_str_with_options(text, options());
        read.map(|seen| settled(seen, text, first_line, 0))
    };
    let found = match read(text) {
        Err(_) if text.contains(":\t") => read(&text.replace(":\t", ": ")).or_else(|_| read(text)),
        found => found,
    };
    found.map_err(|e| of_yaml(&e, text, first_line))?
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEEPEST, max_documents: 2, max_aliases: 1000, max_anchors: 1000 },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

fn of_yaml(error: &serde_saphyr::Error, text: &str, first_line: u64) -> Fault {
    let line = error.location().map_or(0, |place| place.line());
    let near = line.checked_sub(1).and_then(|line| text.lines().nth(usize::try_from(line).ok()?)).unwrap_or_default();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().trim_end_matches([':', ',']);
    // Advice to programmers is none to whoever has the file.
    let message = message.split([',', ';', '(']).next().unwrap_or(message).trim_end();
    let message = format!("the YAML cannot be read here ({message}); mend this line");
    Fault::new(first_line + line.max(1) - 1, near.trim(), message)
}

/// A value as the reader of YAML gives it.
enum Seen {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Seen>>),
    Map(Vec<(String, Spanned<Seen>)>),
}

/// With the spelling of numbers, which stands in the text.
fn settled(seen: Spanned<Seen>, text: &str, first_line: u64, depth: usize) -> Result<Tree, Fault> {
    let Spanned { value, referenced, defined } = seen;
    let line = first_line + referenced.line().max(1) - 1;
    if depth > DEEPEST {
        return Err(too_deep(line));
    }
    let node = match value {
        Seen::Null => Node::Null,
        Seen::Bool(value) => Node::Bool(value),
        Seen::Text(value) => Node::Text(value),
        Seen::Number(value) => {
            let range = defined.span().byte_offset().zip(defined.span().byte_len());
            let range =
                range.and_then(|(from, long)| Some(usize::try_from(from).ok()?..usize::try_from(from + long).ok()?));
            let written = range.and_then(|range| text.get(range)).map(str::trim);
            let same = written.filter(|w| w.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)));
            Node::Number(same.map_or(value, str::to_string))
        }
        Seen::List(items) => {
            let items = items.into_iter().map(|item| settled(item, text, first_line, depth + 1));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        Seen::Map(entries) => {
            let entries = entries.into_iter();
            let below = entries.map(|(key, value)| Ok((key, settled(value, text, first_line, depth + 1)?)));
            Node::Map(below.collect::<Result<_, Fault>>()?)
        }
    };
    Ok(Tree { line, node })
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Seen, D::Error> {
        reader.deserialize_any(SeenVisitor)
    }
}

struct SeenVisitor;

impl<'de> Visitor<'de> for SeenVisitor {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Null)
    }

    fn visit_none<E>(self) -> Result<Seen, E> {
        Ok(Seen::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Seen, D::Error> {
        Seen::deserialize(reader)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(Seen::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Seen, E> {
        Ok(Seen::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Seen, E> {
        Ok(Seen::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Seen, E> {
        Ok(Seen::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Seen, E> {
        Ok(Seen::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Seen, E> {
        Ok(Seen::Text(value.to_string()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Seen, E> {
        Ok(Seen::Text(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Seen, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Seen::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Seen>()? {
            let key = match key {
                Seen::Null => "null".to_string(),
                Seen::Bool(value) => value.to_string(),
                Seen::Number(key) | Seen::Text(key) => key,
                Seen::List(_) | Seen::Map(_) => return Err(A::Error::custom("a key that is a list or a map")),
            };
            entries.push((key, map.next_value()?));
        }
        Ok(Seen::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(tree: &Tree, path: &[&str]) -> u64 {
        tree.at(path).unwrap_or_else(|| panic!("{path:?} in {tree:?}")).line
    }

    #[test]
    fn values_of_both_know_their_lines_and_their_spelling() {
        let json = "{\n \"a\": 0.10,\r\n \"b\": [1,\n {\"c\": \"x\\u00e9\"}],\n \"n\": null}";
        let tree = Json::new(json).tree(json).unwrap();
        assert_eq!((tree.text_of("a"), line_of(&tree, &["a"])), (Some("0.10"), 2));
        let inner = &tree.get("b").unwrap().items()[1];
        assert_eq!((inner.line, inner.text_of("c"), tree.get("n")), (4, Some("x\u{e9}"), None));
        let text =
            "a: 0.10\nb:\n- 24_700_000\n- {c: \"17g\"}\nd: 007\ne: yes\nf: ~\ng: .nan\nh: 1e3\ni: &x 1.50\nj: *x\n";
        let tree = yaml(text, 2).unwrap();
        assert_eq!((tree.text_of("a"), line_of(&tree, &["a"])), (Some("0.10"), 2));
        let items = tree.get("b").unwrap().items();
        assert_eq!((items[0].text(), items[1].text_of("c"), items[1].line), (Some("24_700_000"), Some("17g"), 5));
        assert_eq!((tree.text_of("d"), tree.text_of("e"), tree.get("f")), (Some("007"), Some("yes"), None));
        assert_eq!(
            (tree.text_of("g"), tree.text_of("h"), tree.text_of("j")),
            (Some(".nan"), Some("1e3"), Some("1.50"))
        );
        assert_eq!(line_of(&tree, &["j"]), 12);
    }

    #[test]
    fn broken_texts_are_refused_with_their_line() {
        let refused = |text: &str| yaml(text, 2).expect_err(text);
        assert_eq!(refused("a: 1\nb: 2\na: 3\n").line, 4);
        assert_eq!(refused("a: 1\nb: [1, 2\n").line, 3);
        let deep = format!("a: {}1{}\n", "[".repeat(500), "]".repeat(500));
        assert_eq!(refused(&deep).line, 2);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
        for i in 1..9 {
            let below = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb += &format!("a{i}: &a{i} [{below}]\n");
        }
        assert!(refused(&bomb).line >= 2);
        let refused = |text: &str| Json::new(text).tree(text).expect_err(text);
        assert_eq!(refused("{\"a\": 1,\n\"a\": 2}").line, 2);
        let nan = refused("{\"a\": 1,\n\"b\": NaN}");
        assert!(nan.line == 2 && nan.message.contains("NaN"), "{nan:?}");
        assert!(refused(&format!("{}1{}", "[".repeat(500), "]".repeat(500))).message.contains("deep"));
        assert_eq!(refused("{\"a\": \n\n{\"b\": \"\\ud800\"}}").line, 3);
        assert_eq!(refused("{\"a\": 1,\n").line, 2);
    }

    #[test]
    fn a_tab_behind_a_colon_is_a_blank() {
        assert_eq!(yaml("a:\t1\nb: 2\n", 2).unwrap().text_of("a"), Some("1"));
    }

    #[test]
    fn the_first_keys_are_those_of_the_first_object() {
        assert_eq!(first_keys(" [{\"a\": {\"x\": 1}, \"b\": [1, "), ["a", "b"]);
        assert!(first_keys("id,tokens\n").is_empty());
    }
}
