//! Every kind of tiny and nasty portfolios: nothing panics, nothing is cut, no two texts lie on each other, nothing of the
//! input is markup, and the bytes are the same again.

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Color, Group, Node, Options, Paint, Rect, Tree};
use sha2::{Digest, Sha256};

use super::*;
use crate::assess::assess;
use crate::portfolio::Portfolio;
use crate::run::lineage::Question;
use crate::run::trend::Span;
use crate::run::{Backend, NoProgress, RunOptions, Session, Settings};
use crate::validate::{self, masked_sum, runs_file};

const HEAD: &str = "id,date,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,base_model,relation\n";
const TINY: &str = "\
lab/base,2022-05,\"lognormal(1e23, 1.5)\",\"lognormal(2e11, 1.3)\",\"uniform(1.1, 1.3)\",\"lognormal(400, 1.2)\",,
lab/tuned,2023-02,1e22 to 4e22,fixed(3e11),\"uniform(1.1, 1.3)\",\"triangular(100, 200, 500)\",lab/base,finetune
other/base,2024-03,3e22 ± 3e21,fixed(1e11),fixed(1.1),\"lognormal(300, 1.5)\",,
";

fn session(threads: usize) -> Session {
    Session::builder().backend(Backend::Cpu).threads(threads).build().unwrap()
}

/// Every kind of a models file that a portfolio has, in this width.
fn drawn(rows: &str, threads: usize, width: Width) -> Vec<Figure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    std::fs::write(&path, format!("{HEAD}{rows}")).unwrap();
    let portfolio = Portfolio::read(&path).unwrap();
    let assessment = assess(&portfolio).unwrap();
    let session = session(threads);
    let settings = Settings { draws: 2000, ..Settings::default() };
    let options = RunOptions { draws: Some(settings.draws), ..RunOptions::default() };
    let outcome = session.run(&portfolio, &options, &NoProgress).unwrap();
    let ask = |question: &Question| session.lineage(&portfolio, &assessment, question, settings, &NoProgress).unwrap();
    let root = ask(&Question { all: true, ..Question::default() }).families.first().map(|f| f.root.clone());
    let lineage = ask(&Question { roots: root.into_iter().collect(), branches: 30, ..Question::default() });
    let span = Span { from: None, to: None, latest_is_complete: true };
    let trend = session.trend(&assessment, span, settings, &NoProgress).unwrap();
    let inputs = Inputs {
        assessment: Some(&assessment),
        outcome: Some(&outcome),
        lineage: Some(&lineage),
        trend: Some(&trend),
        validation: None,
    };
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.needs() != Needs::Validation);
    kinds.map(|kind| draw(kind, &inputs, width).unwrap()).collect()
}

/// Outlines of text, by their colours: nothing else is filled with them.
fn texts(group: &Group, found: &mut Vec<Rect>) {
    let colours = [Color::new_rgb(0x1a, 0x1a, 0x1a), Color::new_rgb(0x55, 0x55, 0x55)];
    for node in group.children() {
        match node {
            Node::Group(group) => texts(group, found),
            Node::Path(path) => {
                let of_text =
                    path.fill().is_some_and(|fill| matches!(fill.paint(), Paint::Color(c) if colours.contains(c)));
                if of_text && path.stroke().is_none() {
                    found.push(path.abs_bounding_box());
                }
            }
            _ => {}
        }
    }
}

/// What is wrong with a figure.
fn faults(figure: &Figure) -> Vec<String> {
    let tree = Tree::from_str(&figure.svg, &Options::default()).unwrap();
    let mut found = vec![];
    let (size, all) = (tree.size(), tree.root().abs_bounding_box());
    if all.left() < -0.1 || all.top() < -0.1 || all.right() > size.width() + 0.1 || all.bottom() > size.height() + 0.1 {
        found.push(format!("{:?} is cut: {all:?} of {size:?}", figure.kind));
    }
    let mut outlines = vec![];
    texts(tree.root(), &mut outlines);
    let texts = outlines;
    for (k, a) in texts.iter().enumerate() {
        for b in &texts[k + 1..] {
            let wide = a.right().min(b.right()) - a.left().max(b.left());
            let high = a.bottom().min(b.bottom()) - a.top().max(b.top());
            if wide > 0.6 && high > 0.6 {
                found.push(format!("{:?}: two texts overlap at {a:?} {b:?}", figure.kind));
            }
        }
    }
    for word in ["<text", "href", "<script", "<style", "<image", "url(", "@font", "on=", "\u{202e}", "\u{2066}"] {
        if figure.svg.contains(word) {
            found.push(format!("{:?} has {word:?}", figure.kind));
        }
    }
    found
}

#[test]
fn every_kind_of_a_small_portfolio() {
    for width in [Width::Column, Width::Page] {
        for figure in drawn(TINY, 2, width) {
            assert_eq!(faults(&figure), Vec::<String>::new());
            assert!(
                figure.svg.contains("role=\"img\"") && figure.svg.contains("<title") && figure.svg.contains("<desc")
            );
            let png = figure.png(150).unwrap();
            let picture = Pixmap::decode_png(&png).unwrap();
            let wide = (width.mm() / 25.4 * 150.0).round() as u32;
            assert_eq!(picture.width(), wide, "{:?}", figure.kind);
            assert!(picture.pixels().iter().all(|p| p.alpha() == 255) && picture.pixels().iter().any(|p| p.red() < 90));
            let pdf = figure.pdf().unwrap();
            assert!(
                pdf.starts_with(b"%PDF")
                    && !pdf.windows(5).any(|w| w == b"/Font")
                    && !pdf.windows(12).any(|w| w == b"CreationDate")
            );
        }
    }
}

#[test]
fn a_figure_that_is_cut_or_crowded_is_seen() {
    let mut sheet = sheet::Sheet::new(Kind::Total, Width::Column, "A title", "");
    sheet.canvas.text((10.0, 12.0), svg::Anchor::Start, svg::Letters::NAME, "over the title");
    assert!(faults(&sheet.finish("")).iter().any(|f| f.contains("overlap")));
    let mut sheet = sheet::Sheet::new(Kind::Total, Width::Column, "A title", "");
    sheet.canvas.text((240.0, 40.0), svg::Anchor::Start, svg::Letters::NAME, "out of the page");
    assert!(faults(&sheet.finish("")).iter().any(|f| f.contains("cut")));
}

#[test]
fn nasty_names_stay_names() {
    let long = "x".repeat(10_000);
    let rows = format!(
        "<script>alert(1)</script>,2021,1e22 to 4e22,3e11,1.1,\"lognormal(300, 1.5)\",,\n\
         \\input{{/etc/passwd}},2021,1e22 to 4e22,3e11,1.1,\"lognormal(300, 1.5)\",<script>alert(1)</script>,finetune\n\
         {long},2022,1e22 to 4e22,3e11,1.1,300,<script>alert(1)</script>,finetune\n\
         \u{5d0}\u{5d1}\u{5d2}\u{627}\u{644},2022,1e22 to 4e22,3e11,1.1,300,{long},merge\n\
         a\u{301}漢字🦀\u{200b}&amp;\"\"''%$#_,2023,1e22 to 4e22,3e11,1.1,300,{long},adapter\n\
         \"=cmd()|' /C calc'!A0\",2023,1e22 to 4e22,3e11,1.1,300,<script>alert(1)</script>,quantized\n"
    );
    for width in [Width::Column, Width::Page] {
        for figure in drawn(&rows, 2, width) {
            assert_eq!(faults(&figure), Vec::<String>::new());
            assert!(figure.png(72).is_ok() && figure.pdf().is_ok());
        }
    }
    let family = drawn(&rows, 1, Width::Column).into_iter().find(|f| f.kind == Kind::Lineage).unwrap();
    assert!(family.svg.contains("&lt;script&gt;alert(1)"), "the root is named, as text");
}

#[test]
fn results_without_anything_to_draw_say_so() {
    let cases = [
        ("one", "a,2023,fixed(1e22),fixed(3e11),fixed(1.1),fixed(300),,\n"),
        (
            "zero",
            "a,2023,fixed(0),fixed(3e11),fixed(1.1),fixed(300),,\nb,2022,fixed(0),fixed(3e11),fixed(1.1),fixed(0),a,finetune\n",
        ),
        (
            "certain",
            "a,2023,fixed(1e22),fixed(3e11),fixed(1.1),fixed(300),,\nb,,fixed(1e30),fixed(3e11),fixed(1.1),fixed(300),a,\n",
        ),
        ("wide", "a,2023,\"lognormal(1e22, 40)\",fixed(3e11),fixed(1.1),\"lognormal(300, 9)\",,\n"),
        ("alone", "a,,\"lognormal(1e3, 2)\",fixed(3e11),fixed(1.1),fixed(300),,\n"),
    ];
    for (name, rows) in cases {
        for figure in drawn(rows, 1, Width::Column) {
            assert_eq!(faults(&figure), Vec::<String>::new(), "{name}");
            assert!(figure.png(72).is_ok() && figure.pdf().is_ok(), "{name}");
        }
    }
}

#[test]
fn a_kind_without_its_result_is_an_error() {
    for kind in Kind::ALL {
        assert_eq!(draw(kind, &Inputs::default(), Width::Column), Err(Missing(kind)));
    }
    assert_eq!(
        Missing(Kind::Trend).to_string(),
        "the figure trend is drawn from the result of a trend, which is not there"
    );
}

#[test]
fn threads_change_no_byte() {
    let (one, two, again) =
        (drawn(TINY, 1, Width::Column), drawn(TINY, 2, Width::Column), drawn(TINY, 2, Width::Column));
    assert!(one == two && two == again);
    for (a, b) in one.iter().zip(&two) {
        assert!(a.png(100) == b.png(100) && a.pdf() == b.pdf());
    }
    assert_ne!(one, drawn(&TINY.replace("400", "401"), 1, Width::Column));
}

#[test]
fn calibration_of_few_published_runs() {
    let bytes = std::fs::read("fixtures/reported_training_emissions.csv").unwrap();
    let file = runs_file::read("runs.csv".as_ref(), &bytes).unwrap();
    let settings = Settings { draws: 500, ..Settings::default() };
    let lists = masked_sum::shipped_lists();
    let found = session(2).validate(&file, &lists, settings, &NoProgress).unwrap();
    let none = validate::Validation { quantities: vec![], masked_sums: vec![], rows: vec![], ..found.clone() };
    for width in [Width::Column, Width::Page] {
        for found in [&found, &none] {
            let inputs = Inputs { validation: Some(found), ..Inputs::default() };
            let figure = draw(Kind::Calibration, &inputs, width).unwrap();
            assert_eq!(faults(&figure), Vec::<String>::new());
        }
    }
}

/// SHA-256 of the SVG of the small portfolio, by kind: made by this test, once each figure had been looked at as a picture.
/// A change of the style or of a number changes them; print them with `cargo test --lib figure -- --nocapture` and look at
/// the figures again before they are replaced.
const LOOKED_AT: [(&str, &str); 8] = [
    ("total", "4d50274bdbb90058"),
    ("sensitivity", "650d8198e66504f7"),
    ("tornado", "91b0b781bf26139b"),
    ("atci", "11d1a94ffb267cec"),
    ("scaling", "bdafc0a236d2ede1"),
    ("lineage", "fad8275f3458c37c"),
    ("convergence", "6cc77339583494c6"),
    ("trend", "7be29decbcf6f187"),
];

#[test]
fn figures_are_those_that_were_looked_at() {
    let found: Vec<(&str, String)> = drawn(TINY, 2, Width::Column)
        .iter()
        .map(|figure| {
            let hash = Sha256::digest(&figure.svg);
            (figure.kind.name(), hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
        })
        .collect();
    let want: Vec<(&str, String)> = LOOKED_AT.iter().map(|(kind, hash)| (*kind, hash.to_string())).collect();
    assert_eq!(found, want);
}
