//! The page and the JSON document of `haze lineage`; its graph for Graphviz and Mermaid is in `diagram`.
//!
//! The document is described by `docs/lineage.schema.json`. As in a run's result, only the top-level keys `backend` and
//! `timings` may depend on the machine; all else is the same, byte for byte, on every backend.

pub mod diagram;

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::estimate;
use super::numbers::{self, Quantity};
use super::page::{Cell, Page, Style, left, right, shorten};
use super::precision;
use super::scope::{self, ScopeText};
use crate::lineage::Allocation;
use crate::portfolio::Scope;
use crate::posterior::families::{Ancestry, Branch, Family, Pair, Part, Shape, Sum};
use crate::posterior::{Estimate, Precision};
use crate::run::lineage::Lineage;
use crate::run::{Device, Settings, Timings};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// Families that the page lists.
const LISTED: usize = 20;
/// Columns that a name may take.
const NAME: usize = 44;
/// Columns that the root of a family may take in a table with many columns.
const ROOT: usize = 30;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    scope: ScopeText,
    seed: u64,
    draws: u64,
    precision: Precision,
    interval: f64,
    plan_hash: &'a str,
    backend: &'a Device,
    timings: &'a Timings,
    allocation: Option<&'static str>,
    graph: &'a Shape,
    families: &'a [Family],
    union: Option<&'a Sum>,
    alone: Option<&'a Sum>,
    pairs: &'a [Pair],
    ancestries: &'a [Ancestry],
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, scope: Scope, found: &Lineage) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        scope: ScopeText::new(scope),
        seed: found.settings.seed,
        draws: found.settings.draws,
        precision: found.precision,
        interval: found.settings.level,
        plan_hash: &found.info.plan_hash,
        backend: &found.info.backend,
        timings: &found.info.timings,
        allocation: found.allocation.map(allocation),
        graph: &found.shape,
        families: &found.families,
        union: found.union.as_ref(),
        alone: found.alone.as_ref(),
        pairs: &found.pairs,
        ancestries: &found.ancestries,
    };
    document::write(out, &document)
}

fn allocation(by: Allocation) -> &'static str {
    match by {
        Allocation::Equal => "equal",
        Allocation::Weights => "weights",
    }
}

/// The page, ending in a line end.
pub fn terminal(scope: Scope, found: &Lineage, style: Style) -> String {
    let mut page = Page::new(style);
    let models = numbers::counted(found.shape.models as u64, "model");
    let Settings { draws, seed, .. } = found.settings;
    page.note(&format!("{models}, {}", precision::draws(draws, &found.precision, seed)));
    page.note(&scope::phrase(scope));
    page.shape(&found.shape);
    if !found.families.is_empty() {
        page.families(found);
    }
    page.pairs(&found.pairs, found.settings.level);
    for family in found.families.iter().filter(|family| !family.tree.is_empty()) {
        page.family(family, found.settings.level);
    }
    for ancestry in &found.ancestries {
        page.ancestry(ancestry, found.settings.level);
    }
    page.text
}

impl Page {
    fn shape(&mut self, shape: &Shape) {
        let mut text = format!("{} from another model", numbers::counted(shape.derivatives as u64, "row"));
        if shape.of_several > 0 {
            text += &format!(", {} from several", numbers::count(shape.of_several as u64));
        }
        if shape.absent_count > 0 {
            let absent = numbers::counted(shape.absent_count as u64, "base model");
            text += &format!(". {absent} without a row: not counted");
        }
        self.note(&text);
        for circle in shape.circles.iter().take(3) {
            self.alarm(&format!("circular lineage: {}", circle.join(", ")));
        }
    }

    fn families(&mut self, found: &Lineage) {
        let level = found.settings.level;
        self.section("A base model and everything made from it", "± is the Monte Carlo standard error");
        let mut head = vec![left(""), right("reported"), right("mean"), right("median")];
        head.extend([left(estimate::equal_tailed(level)), left("unit"), right("imputed")]);
        let mut rows = vec![head];
        for family in found.families.iter().take(LISTED) {
            rows.push(sum(&shorten(&family.root, ROOT), &family.sum));
            if let Some(allocated) = family.allocated_t.as_ref().filter(|own| **own != family.sum.emissions_t) {
                rows.push(estimated("  its share of shared models", allocated));
            }
        }
        let more = found.families.len().saturating_sub(LISTED);
        if more > 0 {
            rows.push(vec![left(format!("({more} smaller families: --json FILE lists them)"))]);
        }
        if let Some(alone) = &found.alone {
            rows.push(sum("no base, no derivative", alone));
        }
        if let Some(union) = &found.union {
            rows.push(sum("all families, each model once", union));
        }
        self.rows(&rows, true);
        self.prose(
            "Reported: of how many models emissions, energy or accelerator-hours are stated or published. Imputed: the part of \
             the mean that comes from the others, by their compute, size, date and relation to the base.",
        );
        let stated = found.union.as_ref().map(|union| union.stated).filter(|stated| stated.models > 0);
        if let Some(stated) = stated {
            let models = numbers::counted(stated.models as u64, "row");
            let total = numbers::emissions(stated.emissions_t);
            self.prose(&format!("Sum of the emissions stated in {models}: {total}."));
        }
    }

    fn pairs(&mut self, pairs: &[Pair], level: f64) {
        if pairs.is_empty() {
            return;
        }
        self.section("Differences between families", "in the same draws");
        let mut rows = vec![vec![
            left(""),
            right("mean"),
            right("median"),
            left(estimate::equal_tailed(level)),
            left("unit"),
            right("P(A > B)"),
            right("models in both"),
        ]];
        for pair in pairs {
            let name = format!("{} − {}", shorten(&pair.a, NAME / 2), shorten(&pair.b, NAME / 2));
            let mut row = estimated(&name, &pair.difference_t);
            // What is reported has no column here.
            row.remove(1);
            row[1..].iter_mut().for_each(minus);
            row.push(right(numbers::percent_with_error(pair.a_above_b.probability, pair.a_above_b.mcse)));
            row.push(right(numbers::count(pair.overlap.members as u64)));
            rows.push(row);
        }
        self.rows(&rows, true);
    }

    fn family(&mut self, family: &Family, level: f64) {
        self.section(&format!("Family of {}", shorten(&family.root, NAME)), "");
        if let Some(share) = family.descendants_share.as_ref().filter(|_| family.in_file) {
            let text = format!(
                "Derivatives: {} of the family (median; {} {}).",
                numbers::share(share.median),
                estimate::equal_tailed(level),
                ends(share)
            );
            self.prose(&text);
        }
        if !family.in_file {
            self.prose(
                "The base model has no row: its own footprint, and so the share of the derivatives, is not known.",
            );
        }
        self.parts("By relation", &family.by_relation, level);
        if family.by_depth.len() > 2 {
            self.parts("By steps from the base", &family.by_depth, level);
        }
        self.tree(&family.tree, "With everything made from it", level);
    }

    fn ancestry(&mut self, ancestry: &Ancestry, level: f64) {
        self.section(&format!("What went into {}", shorten(&ancestry.model, NAME)), "");
        let mut rows = vec![vec![
            left(""),
            right("reported"),
            right("mean"),
            right("median"),
            left(estimate::equal_tailed(level)),
            left("unit"),
            right("imputed"),
        ]];
        rows.push(sum("the model and all of these", &ancestry.sum));
        if let Some(own) = &ancestry.own_t {
            rows.push(estimated("the model alone", own));
        }
        rows.push(estimated("all it was made from", &ancestry.ancestors_t));
        self.rows(&rows, true);
        if !ancestry.absent.is_empty() {
            let names: Vec<String> = ancestry.absent.iter().take(5).map(|id| shorten(id, NAME)).collect();
            let more = ancestry.absent.len().saturating_sub(names.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.prose(&format!("In no row and not counted: {}{more}.", names.join(", ")));
        }
        self.tree(&ancestry.tree, "With everything it was made from", level);
    }

    fn parts(&mut self, title: &str, parts: &[Part], level: f64) {
        if parts.is_empty() {
            return;
        }
        self.line("");
        let mut rows = vec![vec![
            left(title),
            right("reported"),
            right("mean"),
            right("median"),
            left(estimate::equal_tailed(level)),
            left("unit"),
            right("imputed"),
        ]];
        rows.extend(parts.iter().filter(|part| part.sum.members > 0).map(|part| sum(&part.of, &part.sum)));
        self.rows(&rows, true);
    }

    fn tree(&mut self, tree: &[Branch], title: &str, level: f64) {
        self.line("");
        let mut rows = vec![vec![
            left(title),
            right("mean"),
            left(estimate::equal_tailed(level)),
            left("unit"),
            right("alone"),
            left("unit"),
            left(""),
        ]];
        for (branch, stem) in tree.iter().zip(stems(tree)) {
            let e = &branch.cumulative_t;
            let unit = estimate::unit(Quantity::Emissions, e);
            let name = stem.clone() + &shorten(&branch.id, NAME.saturating_sub(stem.chars().count()).max(12));
            let (own, own_unit) = branch.own_t.as_ref().map_or((String::from("–"), String::new()), |own| {
                let unit = estimate::unit(Quantity::Emissions, own);
                match own.mean {
                    Some(0.0) => ("0".into(), String::new()),
                    _ => (estimate::mean(own, unit.factor), unit.name),
                }
            });
            // Of what is in no row, and of copies, there is nothing to say.
            let (mean, interval, unit) = match e.mean {
                Some(0.0) if !branch.in_file && branch.below == 0 => ("–".into(), String::new(), String::new()),
                Some(0.0) => ("0".into(), String::new(), String::new()),
                _ => (estimate::mean(e, unit.factor), estimate::interval(e, unit.factor), unit.name),
            };
            rows.push(vec![
                Cell::Left(name),
                right(mean),
                left(interval),
                left(unit),
                right(own),
                left(own_unit),
                Cell::Last(remark(branch)),
            ]);
        }
        self.rows(&rows, true);
    }
}

/// What stands behind a branch: relation, what is reported, what is not shown.
fn remark(branch: &Branch) -> String {
    let mut words: Vec<String> = branch.relation.map(str::to_string).into_iter().collect();
    if !branch.in_file {
        words.push("in no row".into());
    } else if branch.reported {
        words.push("reported".into());
    }
    if branch.again {
        words.push("shown above".into());
    } else if branch.hidden > 0 {
        words.push(format!(
            "{} not shown",
            numbers::counted(branch.hidden as u64, "branch").replace("branchs", "branches")
        ));
    }
    words.join(", ")
}

/// `│  ├─ ` for each branch.
pub(super) fn stems(tree: &[Branch]) -> Vec<String> {
    let depths: Vec<usize> = tree.iter().map(|branch| branch.depth).collect();
    // Whether another branch of a depth comes before the next shallower one.
    let goes_on =
        |from: usize, depth: usize| depths[from + 1..].iter().take_while(|d| **d >= depth).any(|d| *d == depth);
    let stem = |(place, &depth): (usize, &usize)| {
        let mut text = String::new();
        for d in 1..depth {
            text += if goes_on(place, d) { "│  " } else { "   " };
        }
        if depth > 0 {
            text += if goes_on(place, depth) { "├─ " } else { "└─ " };
        }
        text
    };
    depths.iter().enumerate().map(stem).collect()
}

fn sum(name: &str, sum: &Sum) -> Vec<Cell> {
    let mut row = estimated(name, &sum.emissions_t);
    row[1] = right(format!("{} of {}", numbers::count(sum.reported as u64), numbers::count(sum.members as u64)));
    row.push(right(numbers::share(sum.imputed_share)));
    row
}

fn estimated(name: &str, e: &Estimate) -> Vec<Cell> {
    let unit = estimate::unit(Quantity::Emissions, e);
    vec![
        left(name),
        right(""),
        right(estimate::value_with_error(e.mean, e.mcse.mean, unit.factor)),
        right(estimate::median(e, unit.factor)),
        left(estimate::interval(e, unit.factor)),
        left(unit.name),
    ]
}

/// A minus sign in the place of a hyphen.
fn minus(cell: &mut Cell) {
    if let Cell::Left(text) | Cell::Right(text) = cell
        && text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
    {
        *text = text.replace('-', "−");
    }
}

fn ends(share: &Estimate) -> String {
    share.interval.map_or("–".into(), |[lo, hi]| format!("{} to {}", numbers::percent(lo), numbers::percent(hi)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_join_branches_to_what_they_hang_on() {
        let branch = |depth: usize| Branch {
            id: String::new(),
            depth,
            relation: None,
            in_file: true,
            reported: false,
            own_t: None,
            cumulative_t: Estimate::NONE,
            below: 0,
            hidden: 0,
            again: false,
        };
        let tree: Vec<Branch> = [0, 1, 2, 2, 1, 2].map(branch).into();
        assert_eq!(stems(&tree), ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ "]);
    }
}
