//! The report page: one HTML file that asks nothing of any server.
//!
//! `page.html` is the frame, `style.css` its looks, the scripts draw and sort. What they show is one JSON document, described
//! by `data.schema.json`: `data` makes it, `models` has the models and groups in columns, `documents` what is taken from the
//! JSON documents of other commands. Text from input reaches the page as JSON text, in which no `<` stands, and from there as
//! text nodes only. The same results give the same bytes.

pub mod data;
mod documents;
mod models;

use std::fmt::Write;

use super::escape::markup;
use super::estimate;
use super::numbers::{self, Quantity};
use data::Data;

const FRAME: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
/// In the order in which they are joined: a script uses what stands above it.
const SCRIPTS: [&str; 25] = [
    include_str!("format.js"),
    include_str!("dom.js"),
    include_str!("state.js"),
    include_str!("download.js"),
    include_str!("scale.js"),
    include_str!("quantile.js"),
    include_str!("models.js"),
    include_str!("chart.js"),
    include_str!("interval.js"),
    include_str!("bars.js"),
    include_str!("headline.js"),
    include_str!("exceedance.js"),
    include_str!("sensitivity.js"),
    include_str!("provenance.js"),
    include_str!("table.js"),
    include_str!("contributors.js"),
    include_str!("groups.js"),
    include_str!("tiers.js"),
    include_str!("tree.js"),
    include_str!("families.js"),
    include_str!("compare.js"),
    include_str!("validation.js"),
    include_str!("defaults.js"),
    include_str!("reproduce.js"),
    include_str!("main.js"),
];

/// The page of some results.
///
/// # Errors
/// Those of writing JSON, which no result leads to.
pub fn page(data: &Data) -> serde_json::Result<String> {
    let json = serde_json::to_string(data)?.replace('<', "\\u003c").replace('\u{2028}', "\\u2028");
    let script = format!("(() => {{\n\"use strict\";\n{}\n}})();", SCRIPTS.join("\n"));
    let title = match data.results.as_slice() {
        [one] => format!("Training emissions: {}", one.name),
        several => format!("Training emissions: {} results compared", several.len()),
    };
    Ok(filled(&[
        ("<!--TITLE-->", &markup(&title)),
        ("/*STYLE*/", STYLE),
        ("<!--SUMMARY-->", &summary(data)),
        ("<!--DATA-->", &json),
        ("/*SCRIPT*/", &script),
    ]))
}

/// The frame with its marks replaced, each once and in one pass: what is put in is not looked at again.
fn filled(marks: &[(&str, &str)]) -> String {
    let (mut page, mut rest) = (String::new(), FRAME);
    for (mark, text) in marks {
        // Marks stand in this order; a test sees to it.
        let Some((before, after)) = rest.split_once(mark) else { continue };
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// What a reader without scripts sees: the totals, and the largest models.
fn summary(data: &Data) -> String {
    let mut html = String::new();
    for result in &data.results {
        let total = result.total();
        let unit = estimate::unit(Quantity::Emissions, total);
        let level = numbers::level(result.level());
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<h2>{}</h2>\n<p>Total training emissions of {}: mean {} {unit}, median {} {unit}, {level} credible interval \
             (equal-tailed) {} {unit}.</p>\n",
            markup(&result.name),
            numbers::counted(result.models.total as u64, "model"),
            estimate::mean(total, unit.factor),
            estimate::median(total, unit.factor),
            estimate::interval(total, unit.factor),
            unit = unit.name,
        );
        html.push_str("<ol>\n");
        for (id, mean) in result.models.largest(10) {
            let _ = writeln!(html, "<li>{}: {}</li>", markup(id), numbers::emissions(mean));
        }
        html.push_str("</ol>\n");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_once_and_in_their_order() {
        let marks = ["<!--TITLE-->", "/*STYLE*/", "<!--SUMMARY-->", "<!--DATA-->", "/*SCRIPT*/"];
        let places: Vec<usize> = marks.iter().map(|mark| FRAME.find(mark).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(marks.iter().all(|mark| FRAME.matches(mark).count() == 1));
        let filled = filled(&marks.map(|mark| (mark, "<!--DATA-->")));
        assert_eq!(filled.matches("<!--DATA-->").count(), 5);
    }
}
