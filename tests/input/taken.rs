//! What must hold for every input, however odd: it is taken or refused, each problem names file and line, every number
//! that leaves the assessment is finite, and a run refuses exactly what a check refuses.

use std::path::Path;
use std::sync::LazyLock;

use carbonhaze::low_level::assess::{Assessment, assess, with_outputs};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Place, Portfolio, Problem, Warning};
use carbonhaze::low_level::report::json::{self, Listed};
use carbonhaze::low_level::report::page::Style;
use carbonhaze::low_level::report::table;
use carbonhaze::low_level::run::{Backend, NoProgress, RunError, RunOptions, Session};

pub static SESSION: LazyLock<Session> =
    LazyLock::new(|| Session::builder().backend(Backend::Cpu).threads(1).build().expect("a thread"));

const STYLE: Style = Style { colour: false, width: 100 };
/// Longest message that anyone reads.
const LONGEST: usize = 3000;

/// Reads, assesses, compiles and draws what lies at the path, as `haze run` does; whether it was taken. With `twice` it
/// is also compiled as `haze check` does, and both must agree.
pub fn taken(path: &Path, twice: bool) -> bool {
    let portfolio = match Portfolio::read(path) {
        Ok(portfolio) => portfolio,
        Err(problems) => return refused(&problems),
    };
    warned(&portfolio.warnings);
    let assessment = match assess(&portfolio) {
        Ok(assessment) => assessment,
        Err(problems) => return refused(&problems),
    };
    warned(&assessment.warnings);
    finite(&assessment);
    let checked = twice.then(|| with_outputs(&portfolio, &assessment).is_ok_and(|whole| compile(&whole).is_ok()));
    let options = RunOptions { draws: Some(8), ..RunOptions::default() };
    let drawn = match SESSION.run_assessed(&portfolio, assessment, &options, &NoProgress) {
        Ok(outcome) => {
            let mut document = Vec::new();
            json::write(&mut document, &outcome.posterior, &outcome.assessment, &outcome.info, Listed::Usual)
                .expect("a document");
            serde_json::from_slice::<serde_json::Value>(&document).expect("JSON");
            assert!(
                !table::terminal(&outcome.posterior, &outcome.assessment, outcome.draws.emissions(), STYLE)
                    .contains("NaN")
            );
            true
        }
        Err(RunError::Plan(e)) => refused(&[e.at(&portfolio.models)]),
        Err(RunError::Input(problems)) => refused(&problems),
        Err(other) => panic!("a check would not find this: {other}"),
    };
    assert!(checked.is_none_or(|checked| checked == drawn), "a run and a check do not agree");
    drawn
}

/// Problems as they must be; `false`, since the input is not taken.
pub fn refused(problems: &[Problem]) -> bool {
    assert!(!problems.is_empty(), "refused without a problem");
    for problem in problems {
        placed(&problem.place, &problem.message);
        assert!(!problem.message.is_empty());
        shown(&problem.to_string());
    }
    false
}

pub fn warned(warnings: &[Warning]) {
    for warning in warnings {
        placed(&warning.place, &warning.message);
        assert!(!warning.rule.is_empty() && !warning.message.is_empty());
        shown(&warning.to_string());
    }
}

/// A file and a line, or the file as a whole where the message is about that.
fn placed(place: &Place, message: &str) {
    assert!(place.file.file_name().is_some(), "no file: {message}");
    let whole = ["the file", "names no models file", "this is "].iter().any(|words| message.contains(words));
    assert!(place.line > 0 || whole, "no line: {}: {message}", place.file.display());
}

/// Text that a terminal shows and does not act on.
fn shown(text: &str) {
    assert!(text.len() <= LONGEST, "{} bytes: {}", text.len(), text.chars().take(200).collect::<String>());
    let acts = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}');
    assert!(!text.chars().any(acts), "{text:?}");
}

/// Every number of the assessment is finite.
fn finite(assessment: &Assessment) {
    for model in &assessment.models {
        for factor in model.factors.iter().flatten() {
            let values = [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| quantile(&factor.alone(), p));
            assert!(values.iter().all(|x| x.is_finite() && *x >= 0.0), "{factor:?}");
            assert!(factor.shared.iter().all(|(_, weight)| weight.is_finite()), "{factor:?}");
        }
        assert!(model.terms.iter().all(|term| term.constant.is_finite()), "{:?}", model.terms);
    }
    assert!(assessment.shared.iter().all(|effect| effect.ln_gsd.is_finite()), "{:?}", assessment.shared);
}
