//! A part of a run: some of its draws, with all that the rest of the run is made from.
//!
//! `haze run --shard K/N` writes one, `haze merge` makes the whole run of all of them. A part is: [`MAGIC`], head and input
//! (`framed`), then the draws as a [`Shard`], which has a checksum of its own. Of a model a part takes 116 bytes, and 6 for every bin that a draw fell into (of 2,048).

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

pub use super::framed::digest;
use super::framed::{self, FrameError};
use crate::engine::{ReadError, Shard};

/// The first bytes: no text begins so.
pub const MAGIC: framed::Magic = *b"\x8cHAZE1\r\n";
/// Parts of a run at most.
pub const MOST_PARTS: u64 = 100_000;

/// Which part of which run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the program.
    pub version: String,
    /// Which part, from 1.
    pub shard: u64,
    /// Of how many.
    pub of: u64,
    /// What the run is.
    #[serde(flatten)]
    pub run: Run,
}

/// What the parts of a run have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Draws of the whole run.
    pub draws: u64,
    /// Seed of the random stream.
    pub seed: u64,
    /// Level of the credible intervals, in the digits that give the same number again.
    pub interval: String,
    /// The file that the run was asked for.
    pub file: String,
    /// Whether published facts complete its rows.
    pub facts: bool,
    /// Outputs asked for in addition to those of the study.
    pub outputs: Vec<String>,
    /// SHA-256 of the input, in hexadecimal.
    pub input: String,
}

/// Why a file is not a part of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// Reading itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It begins with something else.
    #[error("this is not a part of a run; parts are written by `haze run --shard`")]
    NotAPart,
    /// It ends too early.
    #[error("the file is cut short; draw this part again")]
    Cut,
    /// Some bytes are not those that were written.
    #[error("the file is damaged; draw this part again")]
    Damaged,
    /// Its draws cannot be read.
    #[error("its draws cannot be read: {0}; draw this part again")]
    Draws(#[from] ReadError),
}

impl From<FrameError> for PartError {
    fn from(error: FrameError) -> PartError {
        match error {
            FrameError::Io(e) => PartError::Io(e),
            FrameError::Other => PartError::NotAPart,
            FrameError::Cut => PartError::Cut,
            FrameError::Damaged => PartError::Damaged,
        }
    }
}

/// The draws of part `shard` of `of`: parts differ by one draw at most, and together they are the run's.
pub fn draws_of(shard: u64, of: u64, draws: u64) -> std::ops::Range<u64> {
    let at = |part: u64| (u128::from(draws) * u128::from(part) / u128::from(of.max(1))) as u64;
    at(shard.saturating_sub(1))..at(shard)
}

/// Writes a part.
///
/// # Errors
/// Those of writing.
pub fn write(out: &mut dyn Write, head: &Head, input: &[u8], shard: &Shard) -> io::Result<()> {
    framed::write(out, MAGIC, head, input)?;
    shard.write(&mut &mut *out)
}

/// A part that is open: its draws come next.
pub struct Part<R> {
    /// Which part of which run.
    pub head: Head,
    /// What the run was read from.
    pub input: Vec<u8>,
    draws: R,
}

impl<R: Read> Part<R> {
    /// Reads up to the draws.
    ///
    /// # Errors
    /// [`PartError`]. Bytes that are not a part never panic, and memory grows with the bytes that come.
    pub fn open(mut from: R) -> Result<Part<R>, PartError> {
        let (head, input): (Head, Vec<u8>) = framed::read(&mut from, MAGIC)?;
        if head.of > MOST_PARTS {
            return Err(PartError::Damaged);
        }
        Ok(Part { head, input, draws: from })
    }

    /// Its draws.
    ///
    /// # Errors
    /// [`PartError::Draws`].
    pub fn draws(mut self) -> Result<Shard, PartError> {
        Ok(Shard::read(&mut self.draws)?)
    }
}

/// What is wrong with these as the parts of one run, by their names: what is of another run, there twice, or missing.
/// `unreadable` files that were given too may be parts that are not here.
pub fn problems(parts: &[(String, Head)], unreadable: usize) -> Vec<String> {
    let Some((first, expected)) = parts.first() else { return vec![] };
    let mut found = Vec::new();
    let mut by_shard: Vec<Option<&str>> = vec![None; usize::try_from(expected.of).unwrap_or(0)];
    for (name, head) in parts {
        if let Some(difference) = difference(expected, head) {
            found.push(format!("{name}: a part of another run than {first}: {difference}"));
            continue;
        }
        let place = usize::try_from(head.shard).ok().and_then(|shard| by_shard.get_mut(shard.checked_sub(1)?));
        match place {
            None => found.push(format!("{name}: part {} of {} cannot be", head.shard, head.of)),
            Some(Some(other)) => {
                found.push(format!("{name}: part {} of {} is already in {other}", head.shard, head.of))
            }
            Some(place) => *place = Some(name),
        }
    }
    let missing: Vec<usize> = (1..).zip(&by_shard).filter(|(_, name)| name.is_none()).map(|(shard, _)| shard).collect();
    if missing.len() > unreadable {
        found.push(format!("missing of {} parts: {}", expected.of, ranges(&missing)));
    }
    found
}

fn difference(expected: &Head, head: &Head) -> Option<String> {
    let differs = |what: &str, here: &dyn std::fmt::Display, there: &dyn std::fmt::Display| {
        Some(format!("{what} {here} instead of {there}"))
    };
    let (a, b) = (&head.run, &expected.run);
    match () {
        () if head.version != expected.version => differs("carbonhaze", &head.version, &expected.version),
        () if head.of != expected.of => differs("parts", &head.of, &expected.of),
        () if a.seed != b.seed => differs("seed", &a.seed, &b.seed),
        () if a.draws != b.draws => differs("draws", &a.draws, &b.draws),
        () if a.interval != b.interval => differs("interval", &a.interval, &b.interval),
        () if a.input != b.input => Some("its input files are not the same".into()),
        () if a != b => Some("its options are not the same".into()),
        () => None,
    }
}

/// `3, 7 to 9`, the first ten of them.
fn ranges(sorted: &[usize]) -> String {
    let runs = sorted.chunk_by(|a, b| a + 1 == *b);
    let shown = |run: &[usize]| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
        [] => String::new(),
    };
    let all: Vec<String> = runs.map(shown).collect();
    match all.split_at_checked(10) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::portfolio::cell::NoFiles;
    use crate::portfolio::{Portfolio, Study, models_file};
    use crate::run::{NoProgress, RunOptions, Session, Settings};

    const INPUT: &[u8] = b"the input";

    fn portfolio() -> Portfolio {
        let text = "id,parameters,tokens,hardware,region\nlab/a,7e9,2e12,A100,France\nlab/b,70e9,2e12,H100,France\n";
        let file = models_file::read("models.csv".as_ref(), text.as_bytes(), &NoFiles).unwrap();
        Portfolio::new(file.models, Study::default())
    }

    fn head(shard: u64, of: u64) -> Head {
        let run = Run {
            draws: 1000,
            seed: 7,
            interval: "0.95".into(),
            file: "models.csv".into(),
            facts: true,
            outputs: vec![],
            input: digest(INPUT),
        };
        Head { version: "1".into(), shard, of, run }
    }

    fn part(shard: u64, of: u64) -> Vec<u8> {
        let (session, portfolio) = (Session::builder().build().unwrap(), portfolio());
        let settings = Settings { draws: 1000, seed: 7, level: 0.95 };
        let assessment = assess(&portfolio).unwrap();
        let draws = draws_of(shard, of, 1000);
        let drawn = session.part(&portfolio, &assessment, settings, draws, &NoProgress).unwrap();
        let mut bytes = Vec::new();
        write(&mut bytes, &head(shard, of), INPUT, &drawn).unwrap();
        bytes
    }

    #[test]
    fn parts_make_the_run() {
        let (session, portfolio) = (Session::builder().build().unwrap(), portfolio());
        let settings = Settings { draws: 1000, seed: 7, level: 0.95 };
        let options = RunOptions { draws: Some(1000), seed: Some(7), ..RunOptions::default() };
        let whole = session.run(&portfolio, &options, &NoProgress).unwrap();
        let assessment = assess(&portfolio).unwrap();
        for of in [1, 3, 7] {
            let files: Vec<Vec<u8>> = (1..=of).map(|shard| part(shard, of)).collect();
            let draws = files.iter().map(|file| Ok(Part::open(&file[..]).unwrap().draws().unwrap()));
            let merged = session.merged(&portfolio, assessment.clone(), settings, draws).unwrap();
            assert_eq!((&merged.posterior, &merged.info.plan_hash), (&whole.posterior, &whole.info.plan_hash));
            // Without one of them it is no run.
            let some = files[1..].iter().map(|file| Ok(Part::open(&file[..]).unwrap().draws().unwrap()));
            assert!(session.merged(&portfolio, assessment.clone(), settings, some).is_err());
        }
    }

    #[test]
    fn a_part_comes_back_and_damage_is_found() {
        let bytes = part(2, 3);
        let opened = Part::open(&bytes[..]).unwrap();
        assert_eq!((&opened.head, &opened.input[..]), (&head(2, 3), INPUT));
        assert_eq!(opened.draws().unwrap().draws(), 333..666);
        for cut in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            assert!(Part::open(&bytes[..cut]).and_then(Part::draws).is_err(), "{cut}");
        }
        for at in (0..bytes.len()).step_by(61) {
            let mut wrong = bytes.clone();
            wrong[at] ^= 4;
            assert!(Part::open(&wrong[..]).and_then(Part::draws).is_err(), "{at}");
        }
        let text = Part::open(&b"id,tokens\na,1\n"[..]).err().unwrap();
        assert!(matches!(text, PartError::NotAPart), "{text}");
    }

    /// A file may state anything: what it states is not taken as room.
    #[test]
    fn more_parts_than_there_can_be_are_no_parts() {
        let (session, portfolio) = (Session::builder().build().unwrap(), portfolio());
        let (settings, assessment) = (Settings { draws: 1000, seed: 7, level: 0.95 }, assess(&portfolio).unwrap());
        let drawn = session.part(&portfolio, &assessment, settings, 0..10, &NoProgress).unwrap();
        let opened = |of: u64| {
            let mut bytes = Vec::new();
            write(&mut bytes, &head(1, of), INPUT, &drawn).unwrap();
            Part::open(&bytes[..]).map(|part| part.head.of)
        };
        assert!(matches!(opened(u64::MAX), Err(PartError::Damaged)));
        assert_eq!(opened(MOST_PARTS).unwrap(), MOST_PARTS);
    }

    #[test]
    fn parts_share_the_draws_out() {
        for (of, draws) in [(1, 1), (3, 1000), (7, 1 << 31), (1000, 1000)] {
            let ranges: Vec<_> = (1..=of).map(|shard| draws_of(shard, of, draws)).collect();
            assert_eq!((ranges[0].start, ranges[of as usize - 1].end), (0, draws));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            let sizes = || ranges.iter().map(|range| range.end - range.start);
            assert!(sizes().min() >= Some(1) && sizes().max().unwrap() - sizes().min().unwrap() <= 1);
        }
    }

    #[test]
    fn what_is_no_run_is_named() {
        let parts = |shards: &[u64]| -> Vec<(String, Head)> {
            shards.iter().enumerate().map(|(i, &shard)| (format!("{i}.haze"), head(shard, 12))).collect()
        };
        assert!(problems(&parts(&[2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11]), 0).is_empty());
        assert_eq!(problems(&parts(&[1, 2, 3, 4, 6, 10, 12]), 0), ["missing of 12 parts: 5, 7 to 9, 11"]);
        let twice = problems(&parts(&[1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), 0);
        assert_eq!(twice, ["3.haze: part 3 of 12 is already in 2.haze"]);
        assert_eq!(problems(&parts(&[13]), 11), ["0.haze: part 13 of 12 cannot be", "missing of 12 parts: 1 to 12"]);
        let mut foreign = parts(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        foreign[4].1.run.seed = 8;
        foreign[7].1.run.input = digest(b"another");
        assert_eq!(
            problems(&foreign, 0),
            [
                "4.haze: a part of another run than 0.haze: seed 8 instead of 7",
                "7.haze: a part of another run than 0.haze: its input files are not the same",
                "missing of 12 parts: 5, 8",
            ]
        );
    }
}
