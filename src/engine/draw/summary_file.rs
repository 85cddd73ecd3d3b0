//! A [`Shard`] as bytes: `docs/engine.md`, section 7, has the layout.
//!
//! The same shard gives the same bytes, and only those bytes give it: whatever is read and written again is unchanged.
//! Everything is little-endian. What is read is not trusted: it is checked as it comes, memory grows with the bytes that
//! were read (a model's bins take 8 KiB and at least 116 bytes of the file) and never with a number that the file states,
//! and the SHA-256 of all before it ends the file. That finds damage, not malice: who can write the file can also write
//! the checksum.

use std::io::{self, BufReader, BufWriter, Read, Write};

use sha2::{Digest, Sha256};

use super::shard::Shard;
use super::sizes::{self, Sizes};
use super::summary::{GroupSummary, ModelSummary, Moments, Summary};
use crate::engine::plan::BINS;
use crate::engine::plan::hash::{LayoutHash, PlanHash};

/// The first bytes. No text begins so, and a transfer that changes line ends changes them.
pub const MAGIC: [u8; 8] = *b"\x8cDRAWS\r\n";
/// Version of the format. Another one is not read.
pub const VERSION: u32 = 1;

/// Values that are written or read at a time.
const CHUNK: usize = 1024;

/// Why bytes are not a summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It begins with something else.
    #[error("not a summary of draws")]
    NotASummary,
    /// Written by another version of this program.
    #[error("a summary in version {0} of the format; this program reads version {VERSION}")]
    Version(u32),
    /// It ends too early.
    #[error("the summary is cut short")]
    Cut,
    /// It goes on after its end.
    #[error("something follows the end of the summary")]
    Trailing,
    /// A number that cannot be.
    #[error("the summary is damaged: {0}")]
    Inconsistent(&'static str),
    /// Some bytes are not those that were written.
    #[error("the summary is damaged: its checksum is wrong")]
    Checksum,
}

impl Shard {
    /// Writes the shard, whole.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let summary = &self.summary;
        let mut out = Hashing { inner: BufWriter::new(to), hash: Sha256::new() };
        self.write_head(&mut out)?;
        summary.saturated.iter().try_for_each(|n| out.put(&n.to_le_bytes()))?;
        summary.totals.iter().try_for_each(|total| out.put_counts(total))?;
        for group in &summary.groups {
            match group {
                GroupSummary::Kept { headline, denominator } => {
                    out.put_counts(headline)?;
                    out.put_counts(denominator)?;
                }
                GroupSummary::Binned { headline } => out.put_moments(headline)?,
            }
        }
        for model in &summary.models {
            out.put_moments(&model.headline)?;
            out.put_moments(&model.ratio)?;
        }
        let checksum = out.hash.finalize();
        out.inner.write_all(&checksum)?;
        out.inner.flush()
    }

    fn write_head<W: Write>(&self, out: &mut Hashing<W>) -> io::Result<()> {
        let sizes = &self.sizes;
        out.put(&MAGIC)?;
        out.put(&VERSION.to_le_bytes())?;
        out.put(&self.plan.0)?;
        out.put(&self.layout.0)?;
        out.put(&self.seed.to_le_bytes())?;
        out.put(&sizes.draws.start.to_le_bytes())?;
        out.put(&sizes.draws.end.to_le_bytes())?;
        out.put(&sizes.columns.to_le_bytes())?;
        out.put(&sizes.kept.to_le_bytes())?;
        out.put(&sizes.kept_groups.to_le_bytes())?;
        out.put(&sizes.binned_groups.to_le_bytes())?;
        out.put(&sizes.models.to_le_bytes())?;
        out.put(&u32::from(sizes.binned).to_le_bytes())
    }

    /// Reads what [`Shard::write`] wrote, to the end.
    ///
    /// # Errors
    /// [`ReadError`]. Bytes that are not a summary never panic.
    pub fn read(from: &mut impl Read) -> Result<Shard, ReadError> {
        let mut from = Hashing { inner: BufReader::new(from), hash: Sha256::new() };
        from.magic()?;
        let version = u32::from_le_bytes(from.take()?);
        if version != VERSION {
            return Err(ReadError::Version(version));
        }
        let (plan, layout) = (PlanHash(from.take()?), LayoutHash(from.take()?));
        let seed = from.u64()?;
        let sizes = from.sizes()?;
        let summary = from.summary(&sizes)?;
        let shard = Shard { plan, layout, seed, sizes, summary };
        let expected = from.hash.clone().finalize();
        if from.take::<32>()? != expected[..] {
            return Err(ReadError::Checksum);
        }
        match from.take::<1>() {
            Err(ReadError::Cut) => Ok(shard),
            Err(error) => Err(error),
            Ok(_) => Err(ReadError::Trailing),
        }
    }
}

/// What passes through it, hashed.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }

    fn put_counts(&mut self, counts: &[u64]) -> io::Result<()> {
        let mut bytes = [0; 8 * CHUNK];
        for chunk in counts.chunks(CHUNK) {
            for (into, count) in bytes.chunks_exact_mut(8).zip(chunk) {
                into.copy_from_slice(&count.to_le_bytes());
            }
            self.put(&bytes[..8 * chunk.len()])?;
        }
        Ok(())
    }

    fn put_moments(&mut self, moments: &Moments) -> io::Result<()> {
        self.put(&moments.sum.to_le_bytes())?;
        self.put(&moments.sum_sq.to_le_bytes())?;
        for count in [moments.zeros, moments.undefined, moments.saturated] {
            self.put(&count.to_le_bytes())?;
        }
        let filled = || (0u16..).zip(&moments.bins).filter(|(_, count)| **count > 0);
        self.put(&(filled().count() as u16).to_le_bytes())?;
        for (bin, count) in filled() {
            self.put(&bin.to_le_bytes())?;
            self.put(&count.to_le_bytes())?;
        }
        Ok(())
    }
}

impl<R: Read> Hashing<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ReadError::Cut,
            _ => ReadError::Io(error),
        })?;
        self.hash.update(bytes);
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ReadError> {
        self.take().map(u64::from_le_bytes)
    }

    /// Byte by byte, so that a short file of another kind is not called a summary that is cut.
    fn magic(&mut self) -> Result<(), ReadError> {
        for expected in MAGIC {
            if self.take()? != [expected] {
                return Err(ReadError::NotASummary);
            }
        }
        Ok(())
    }

    fn sizes(&mut self) -> Result<Sizes, ReadError> {
        let sizes = Sizes {
            draws: self.u64()?..self.u64()?,
            columns: self.u32()?,
            kept: self.u32()?,
            kept_groups: self.u32()?,
            binned_groups: self.u32()?,
            models: self.u64()?,
            binned: match self.u32()? {
                0 => false,
                1 => true,
                _ => return Err(ReadError::Inconsistent("whether models have bins")),
            },
        };
        sizes.check().map_err(ReadError::Inconsistent)?;
        Ok(sizes)
    }

    fn summary(&mut self, sizes: &Sizes) -> Result<Summary, ReadError> {
        let n = sizes.len();
        let columns = 0..sizes.columns;
        let saturated = columns.clone().map(|_| self.u64()).collect::<Result<Vec<_>, _>>()?;
        if saturated.iter().any(|&count| count > n) {
            return Err(ReadError::Inconsistent("numbers of saturated draws"));
        }
        let mut total = |c: u32| if sizes.kept >> c & 1 == 1 { self.counts(n) } else { Ok(vec![]) };
        let totals = columns.map(&mut total).collect::<Result<_, _>>()?;
        let mut groups = vec![];
        for _ in 0..sizes.kept_groups {
            groups.push(GroupSummary::Kept { headline: self.counts(n)?, denominator: self.counts(n)? });
        }
        for _ in 0..sizes.binned_groups {
            groups.push(GroupSummary::Binned { headline: self.moments(n, true)? });
        }
        let mut models = vec![];
        for _ in 0..sizes.models {
            let (headline, ratio) = (self.moments(n, sizes.binned)?, self.moments(n, sizes.binned)?);
            models.push(ModelSummary { headline, ratio });
        }
        Ok(Summary { draws: sizes.draws.clone(), totals, groups, models, saturated })
    }

    /// `n` counts. Memory is taken for those that came.
    fn counts(&mut self, n: u64) -> Result<Vec<u64>, ReadError> {
        let mut counts = vec![];
        let mut bytes = [0; 8 * CHUNK];
        let mut left = n;
        while left > 0 {
            let here = left.min(CHUNK as u64) as usize;
            self.fill(&mut bytes[..8 * here])?;
            counts.extend(bytes[..8 * here].as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)));
            left -= here as u64;
        }
        sizes::counts(&counts, n).map_err(ReadError::Inconsistent)?;
        Ok(counts)
    }

    fn moments(&mut self, n: u64, binned: bool) -> Result<Moments, ReadError> {
        let (sum, sum_sq) = (u128::from_le_bytes(self.take()?), u128::from_le_bytes(self.take()?));
        let [zeros, undefined, saturated] = [self.u64()?, self.u64()?, self.u64()?];
        let filled = u16::from_le_bytes(self.take()?);
        if usize::from(filled) > if binned { BINS } else { 0 } {
            return Err(ReadError::Inconsistent("the number of bins"));
        }
        let mut moments = Moments { sum, sum_sq, zeros, undefined, saturated, ..Moments::empty(binned) };
        let mut next = 0;
        for _ in 0..filled {
            let (bin, count) = (usize::from(u16::from_le_bytes(self.take()?)), self.u32()?);
            if bin < next || bin >= BINS || count == 0 {
                return Err(ReadError::Inconsistent("the order of bins"));
            }
            moments.bins[bin] = count;
            next = bin + 1;
        }
        sizes::moments(&moments, n, binned).map_err(ReadError::Inconsistent)?;
        Ok(moments)
    }
}

#[cfg(test)]
mod tests {
    //! Round trips, bad input of every kind, fuzz.

    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;
    use crate::engine::plan::{
        self, GroupPlan, Header, KEPT_GROUPS, Marginal, ModelPlan, OutputPlan, Plan, Product, SLOTS,
    };
    use crate::engine::{Backend, MergeError, Scalar};

    const SEED: u64 = 0x0123_4567_89ab_cdef;
    const VERSION_AT: usize = MAGIC.len();
    /// The numbers that say how long everything is.
    const SIZES_AT: Range<usize> = 84..128;

    /// Two factors per model, a third output that is not kept, and groups of both kinds if there are so many.
    fn plan(models: usize, groups: usize, binned: bool) -> Plan {
        let range = plan::Range { unit: -40, saturable: true, bins_lo: -20 << 22, bin_scale: 100_000 };
        let model = |m: usize| {
            let mut marginals = [Marginal::None; SLOTS];
            (marginals[0], marginals[1]) = (Marginal::Affine { scale: 1 << 25 }, Marginal::Affine { scale: 1 << 24 });
            let signs = |n: usize| std::array::from_fn(|s| i8::from(s < n));
            ModelPlan {
                key: m as u64,
                marginals,
                cells: [None; SLOTS],
                products: (0..3).map(|o| Product { output: o, loc: 0, signs: signs(o.into()) }).collect(),
                independent_scale: 0,
                independent_shifted_scale: 0,
                independent_bounded_scale: 0,
                independent_with_bounded: 0,
                headline: range,
                ratio: range,
                groups: (0..groups as u32).filter(|g| (*g as usize + m).is_multiple_of(2)).collect(),
                zeros: 0,
            }
        };
        let header = Header {
            tables: vec![],
            effects: vec![],
            cells: vec![],
            outputs: (0..4).map(|o| OutputPlan { unit: -40, kept: o != 2 }).collect(),
            headline: 1,
            denominator: Some(0),
            has_independent: false,
            saturable: true,
            binned,
            groups: vec![GroupPlan { headline: range, denominator: range, ratio_shift: 0 }; groups],
            ratio_shift: 0,
        };
        Plan::new(header, (0..models).map(model).collect())
    }

    fn shard(plan: &Plan, draws: Range<u64>) -> Shard {
        let summary = Scalar.run(plan, SEED, draws, &|_| true).unwrap();
        Shard::new(plan, SEED, summary).unwrap()
    }

    fn bytes(shard: &Shard) -> Vec<u8> {
        let mut file = vec![];
        shard.write(&mut file).unwrap();
        file
    }

    fn read(mut file: &[u8]) -> Result<Shard, ReadError> {
        Shard::read(&mut file)
    }

    /// With the checksum that belongs to the rest.
    fn sealed(mut file: Vec<u8>) -> Vec<u8> {
        let end = file.len() - 32;
        let checksum = Sha256::digest(&file[..end]);
        file[end..].copy_from_slice(&checksum);
        file
    }

    fn small() -> Vec<u8> {
        bytes(&shard(&plan(3, KEPT_GROUPS + 2, true), 5..8))
    }

    #[test]
    fn what_is_written_is_read() {
        let late = (1 << 40) - 1500..1 << 40;
        for draws in [0..1, 7..1031, 0..1024, 3..2052, late] {
            for (models, groups, binned) in [(0, 0, true), (3, KEPT_GROUPS + 2, true), (20, 2, false)] {
                let plan = plan(models, groups, binned);
                let shard = shard(&plan, draws.clone());
                let file = bytes(&shard);
                let found = read(&file).unwrap();
                assert!(found == shard && bytes(&found) == file, "{draws:?} {models} {groups}");
                assert!(found.into_summary(&plan).unwrap() == shard.summary);
            }
        }
    }

    /// The layout that the documentation states.
    #[test]
    fn the_head_is_as_documented() {
        let plan = plan(3, KEPT_GROUPS + 2, true);
        let file = small();
        assert_eq!(file[..12], *b"\x8cDRAWS\r\n\x01\0\0\0");
        let hex: String = file[12..44].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, plan::hash::plan_hash(&plan));
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        assert_eq!([76, 84, 92].map(word), [SEED, 5, 8]);
        let half = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!([100, 104, 108, 112].map(half), [5, 0b11011, 32, 2]);
        assert_eq!((word(116), half(124)), (3, 1));
        // Five numbers of saturated draws, then the first total.
        assert_eq!(word(128 + 5 * 8), shard(&plan, 5..8).summary.totals[0][0]);
    }

    #[test]
    fn no_changed_byte_passes() {
        let file = small();
        assert!(read(&file).is_ok());
        for at in 0..file.len() {
            for change in [1, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= change;
                assert!(read(&changed).is_err(), "byte {at}, {change:x}");
            }
        }
    }

    #[test]
    fn nothing_shorter_or_longer_passes() {
        let file = small();
        for len in 0..file.len() {
            assert!(matches!(read(&file[..len]), Err(ReadError::Cut)), "{len}");
        }
        let longer = [&file[..], &[0]].concat();
        assert!(matches!(read(&longer), Err(ReadError::Trailing)));
        assert!(read(&longer[..file.len()]).is_ok());
    }

    #[test]
    fn each_refusal_says_why() {
        let file = small();
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = file.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            read(&sealed(changed))
        };
        assert!(matches!(read(b"id,params\n"), Err(ReadError::NotASummary)));
        assert!(matches!(read(b""), Err(ReadError::Cut)));
        assert!(matches!(with(VERSION_AT, &2u32.to_le_bytes()), Err(ReadError::Version(2))));
        let mut damaged = file.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(matches!(read(&damaged), Err(ReadError::Checksum)));
        // A range that ends before it begins, a model too many, a model fewer, a total above its ceiling.
        assert!(matches!(with(92, &4u64.to_le_bytes()), Err(ReadError::Inconsistent("the range of draws"))));
        assert!(with(116, &4u64.to_le_bytes()).is_err() && with(116, &2u64.to_le_bytes()).is_err());
        let above = ((1u64 << 53) + 1).to_le_bytes();
        assert!(matches!(with(168, &above), Err(ReadError::Inconsistent("a total above its ceiling"))));
        // Negative control: sealed again with nothing changed, and with a total that may be.
        assert!(with(VERSION_AT, &VERSION.to_le_bytes()).is_ok() && with(168, &(1u64 << 53).to_le_bytes()).is_ok());
    }

    /// A file of a few bytes that states huge sizes is refused for its end, before there is memory for them.
    #[test]
    fn stated_sizes_take_no_memory() {
        let mut file = small()[..SIZES_AT.end].to_vec();
        file[84..92].copy_from_slice(&0u64.to_le_bytes());
        file[92..100].copy_from_slice(&((1u64 << 31) - 1).to_le_bytes());
        file[116..124].copy_from_slice(&u64::MAX.to_le_bytes());
        file.extend([0; 400]);
        assert!(matches!(read(&file), Err(ReadError::Cut)));
        // The same without anything that is kept: the models come first.
        file[104..116].fill(0);
        assert!(matches!(read(&file), Err(ReadError::Cut)));
    }

    /// A failure of the source is neither a damaged file nor a short one.
    #[test]
    fn failures_of_the_source_are_passed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        assert!(matches!(Shard::read(&mut (&small()[..100]).chain(Broken)), Err(ReadError::Io(_))));
        assert!(matches!(Shard::read(&mut (&small()[..]).chain(Broken)), Err(ReadError::Io(_))));
    }

    /// A forged file may be read, and must then merge or be refused like any other.
    fn use_forged(file: &[u8], plan: &Plan) -> Result<(), TestCaseError> {
        let Ok(found) = read(file) else { return Ok(()) };
        prop_assert!(bytes(&found) == file);
        let next = shard(plan, found.draws().end.min(1 << 39)..found.draws().end.min(1 << 39) + 2);
        match found.clone().merge(next) {
            Ok(merged) => prop_assert!(merged.into_summary(plan).is_ok()),
            Err(error) => prop_assert!(error != MergeError::Nothing),
        }
        let _ = found.into_summary(plan);
        Ok(())
    }

    proptest! {
        #![proptest_config(cases(512))]

        #[test]
        fn forged_files_do_no_harm(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
            seal in any::<bool>(), groups in prop_oneof![Just(1), Just(KEPT_GROUPS + 2)], binned in any::<bool>(),
        ) {
            let plan = plan(3, groups, binned);
            let mut file = bytes(&shard(&plan, 5..8));
            for (at, byte, in_sizes) in edits {
                let at = if in_sizes { SIZES_AT.start + at.index(SIZES_AT.len()) } else { at.index(file.len()) };
                file[at] = byte;
            }
            use_forged(&if seal { sealed(file) } else { file }, &plan)?;
        }

        #[test]
        fn any_bytes_do_no_harm(
            known in 0usize..200, rest in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 32..3000),
        ) {
            let plan = plan(3, 1, true);
            let mut file = bytes(&shard(&plan, 5..8));
            file.truncate(known);
            file.extend(rest);
            use_forged(&sealed(file), &plan)?;
        }
    }
}
