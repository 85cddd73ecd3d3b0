//! Sorting and dividing the kept draws on the device: `sort.wgsl` and `quotient.wgsl`.
//!
//! A column goes to the device, through its kernels and back; nothing is changed on the host before all of it is back.
//! What fails is done on the host, with a notice, and so is everything after it: a device that failed once is not
//! waited for a hundred times.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use bytemuck::Zeroable;
use rayon::prelude::*;

use super::adapter::WORKGROUP;
use super::device::Device;
use super::error::GpuError;
use super::layout::{QuotientParams, SortParams};
use super::session::{Session, Traits};
use super::shader::Kernel;
use super::{Gpu, Kind};
use crate::engine::Check;
use crate::engine::draw::accumulate::CEILING;
use crate::engine::draw::quotient;
use crate::engine::draw::reduce::{Host, MAX_SHIFT, Quotient, Reduce};

/// Bits of a digit; digits of a word.
const DIGIT_BITS: usize = 4;
const DIGITS: usize = 16;
/// Words of a span: at least so many, so that a tile has as many words as counters; at most so many, so that the
/// counts of a tile stay below 2^16.
const SHORTEST_SPAN: usize = 16;
const LONGEST_SPAN: usize = 1023;
/// Where the parameters of a pass begin: the largest alignment that a device may ask for.
const PARAMS_STRIDE: u64 = 256;

impl Reduce for Gpu {
    // A device that runs on the processor has nothing to add to it: 1,000,000 words take llvmpipe 430 ms to sort and
    // 42 ms to divide, two cores of the host 23 ms and 9 ms.
    fn sort(&self, words: &mut [u64]) {
        match self.facts().kind {
            Kind::Cpu => Host.sort(words),
            _ => OnDevice(self).sort(words),
        }
    }

    fn quotients(&self, over: &[u64], under: &[u64], shift: u32) -> Vec<Quotient> {
        match self.facts().kind {
            Kind::Cpu => Host.quotients(over, under, shift),
            _ => OnDevice(self).quotients(over, under, shift),
        }
    }
}

/// A device that is used whatever its kind; the host where it fails.
pub struct OnDevice<'a>(pub &'a Gpu);

impl OnDevice<'_> {
    fn attempt<T>(&self, work: impl FnOnce(&Session) -> Result<T, GpuError>) -> Option<T> {
        let OnDevice(gpu) = self;
        if gpu.finished_on_cpu.load(Ordering::Relaxed) {
            return None;
        }
        let failure = match gpu.session().and_then(|session| work(&session)) {
            Ok(done) => return Some(done),
            Err(e) => e,
        };
        if !matches!(failure, GpuError::TooLarge { .. }) {
            *gpu.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        gpu.finished_on_cpu.store(true, Ordering::Relaxed);
        gpu.notice(format!("{failure}; sorting and dividing the kept draws on the CPU"));
        None
    }
}

impl Reduce for OnDevice<'_> {
    fn sort(&self, words: &mut [u64]) {
        if self.attempt(|session| sort(session, words)).is_none() {
            Host.sort(words);
        }
    }

    fn quotients(&self, over: &[u64], under: &[u64], shift: u32) -> Vec<Quotient> {
        let done = self.attempt(|session| quotients(session, over, under, shift));
        done.unwrap_or_else(|| Host.quotients(over, under, shift))
    }
}

/// The digits in which not all words are the same, the lowest first. The others need no pass.
fn digits_that_differ(words: &[u64]) -> Vec<u32> {
    let join = |a: (u64, u64), b: (u64, u64)| (a.0 | b.0, a.1 & b.1);
    let (some, every) = words.par_iter().map(|&word| (word, word)).reduce(|| (0, u64::MAX), join);
    let differ = some & !every;
    (0..DIGITS).filter(|digit| (differ >> (DIGIT_BITS * digit)) & 15 != 0).map(|digit| digit as u32).collect()
}

/// Words of a span for tiles that one dispatch holds.
fn span(words: usize, max_workgroups: u32) -> Result<usize, GpuError> {
    let spans = WORKGROUP as usize * max_workgroups.max(1) as usize;
    let span = words.div_ceil(spans).max(SHORTEST_SPAN);
    // Twice as many words are still counted in 32 bits.
    let limit = (LONGEST_SPAN * spans).min(1 << 31);
    if words > limit {
        let (needed, limit) = (8 * words as u64, 8 * limit as u64);
        return Err(GpuError::TooLarge { what: "a column to sort", needed, limit });
    }
    Ok(span)
}

/// Sorts on the device. After an error `words` are as they were.
fn sort(session: &Session, words: &mut [u64]) -> Result<(), GpuError> {
    sort_by_spans(session, words, span(words.len(), session.device.max_workgroups)?)
}

fn sort_by_spans(session: &Session, words: &mut [u64], span: usize) -> Result<(), GpuError> {
    let digits = digits_that_differ(words);
    if digits.is_empty() {
        return Ok(());
    }
    let device = &session.device;
    let tiles = words.len().div_ceil(WORKGROUP as usize * span);
    let bytes = 8 * words.len() as u64;
    let words_here = device.storage("words to sort", bytes)?;
    let words_there = device.storage("words sorted by one digit", bytes)?;
    let tile_counts = device.storage("words by digit and tile", (4 * DIGITS * tiles) as u64)?;
    let digit_counts = device.storage("words by digit", 4 * DIGITS as u64)?;
    let staging = device.staging("sorted words, coming back", bytes)?;
    let params = device.uniform("passes of a sort", PARAMS_STRIDE * digits.len() as u64)?;

    // Every host that wgpu runs on has the low word first, as the shaders do; elsewhere the self-test would fail.
    device.write(&words_here, words);
    let stride = PARAMS_STRIDE as usize / size_of::<SortParams>();
    let mut records = vec![SortParams::zeroed(); stride * digits.len()];
    for (record, &digit) in records.iter_mut().step_by(stride).zip(&digits) {
        *record = SortParams { words: words.len() as u32, tiles: tiles as u32, span: span as u32, digit };
    }
    device.write(&params, &records);

    let [count, scan, scatter] = [Kernel::SortCount, Kernel::SortScan, Kernel::SortScatter]
        .map(|kernel| session.pipeline(kernel, &Traits::default()));
    let (count, scan, scatter) = (count?, scan?, scatter?);
    let bind_scan = device.bind("sort_scan", &scan, &[(2, &tile_counts), (3, &digit_counts)])?;
    // Passes go back and forth between the two buffers.
    let ways = [(&words_here, &words_there), (&words_there, &words_here)];
    let bind_ways = ways.map(|(from, to)| {
        let scattered = [(0, from), (1, to), (2, &tile_counts), (3, &digit_counts)];
        let counted = device.bind("sort_count", &count, &[(0, from), (2, &tile_counts)])?;
        Ok((counted, device.bind("sort_scatter", &scatter, &scattered)?))
    });
    let [there, back] = bind_ways;
    let bind_ways = [there?, back?];

    let mut from = &words_here;
    for (pass, ((bind_count, bind_scatter), (_, to))) in
        bind_ways.iter().zip(ways).cycle().take(digits.len()).enumerate()
    {
        let offset = PARAMS_STRIDE * pass as u64;
        // A submission for each pass: none is long, whatever the number of words.
        let mut encoder = device.encoder("a pass of a sort");
        for (pipeline, group, workgroups) in
            [(&count, bind_count, tiles), (&scan, &bind_scan, DIGITS), (&scatter, bind_scatter, tiles)]
        {
            let which = device.bind_part("which pass", pipeline, &params, offset, size_of::<SortParams>() as u64)?;
            dispatch(&mut encoder, pipeline, group, Some(&which), workgroups as u32);
        }
        device.submit(encoder);
        from = to;
    }
    let mut encoder = device.encoder("end of a sort");
    encoder.copy_buffer_to_buffer(from, 0, &staging, 0, bytes);
    take(device, encoder, staging, bytemuck::cast_slice_mut(words))?;
    Ok(())
}

/// Divides on the device.
fn quotients(session: &Session, over: &[u64], under: &[u64], shift: u32) -> Result<Vec<Quotient>, GpuError> {
    let device = &session.device;
    let n = over.len().min(under.len());
    let mut quotients = vec![Quotient::NONE; n];
    // As many draws as a buffer and a dispatch hold.
    let part = (device.max_binding_bytes / 8).min(u64::from(WORKGROUP) * u64::from(device.max_workgroups)) as usize;
    let part = part.clamp(1, n.max(1));
    let bytes = 8 * part as u64;
    if n == 0 {
        return Ok(quotients);
    }
    let buffers = [
        device.uniform("parameters of a division", size_of::<QuotientParams>() as u64)?,
        device.input("numerators", bytes)?,
        device.input("denominators", bytes)?,
        device.storage("quotients", bytes)?,
    ];
    let mut staging = device.staging("quotients, coming back", bytes)?;
    let pipeline = session.pipeline(Kernel::Quotient, &Traits::default())?;
    let bound: Vec<(u32, &wgpu::Buffer)> = (0..).zip(&buffers).collect();
    let group = device.bind("quotient", &pipeline, &bound)?;
    for ((into, over), under) in quotients.chunks_mut(part).zip(over.chunks(part)).zip(under.chunks(part)) {
        let draws = into.len();
        let params = QuotientParams { draws: draws as u32, shift: shift.min(MAX_SHIFT), padding_0: 0, padding_1: 0 };
        device.write(&buffers[0], &[params]);
        device.write(&buffers[1], &over[..draws]);
        device.write(&buffers[2], &under[..draws]);
        let mut encoder = device.encoder("a division");
        dispatch(&mut encoder, &pipeline, &group, None, (draws as u32).div_ceil(WORKGROUP));
        encoder.copy_buffer_to_buffer(&buffers[3], 0, &staging, 0, 8 * draws as u64);
        staging = take(device, encoder, staging, bytemuck::cast_slice_mut(into))?;
    }
    Ok(quotients)
}

fn dispatch(
    encoder: &mut wgpu::CommandEncoder,
    pipeline: &wgpu::ComputePipeline,
    group: &wgpu::BindGroup,
    second: Option<&wgpu::BindGroup>,
    workgroups: u32,
) {
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, group, &[]);
    if second.is_some() {
        pass.set_bind_group(1, second, &[]);
    }
    pass.dispatch_workgroups(workgroups, 1, 1);
}

/// Submits, waits, and copies what came back. Gives the buffer back.
fn take(
    device: &Device,
    encoder: wgpu::CommandEncoder,
    staging: wgpu::Buffer,
    into: &mut [u32],
) -> Result<wgpu::Buffer, GpuError> {
    let (submission, readback) = device.submit_readback(encoder, staging);
    device.wait(&submission)?;
    let ((), staging) = device.read(readback, |words| into.copy_from_slice(&words[..into.len()]))?;
    Ok(staging)
}

/// Known answers for the self-test: words that differ in every digit, in tiles of the shortest spans; a full tile of the
/// longest spans with one word all over, before a lower one; and the corners of a division.
pub fn checks(session: &Session) -> Result<[Check; 2], GpuError> {
    let scattered = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let many: Vec<u64> = (0..2500).map(|i| scattered(i % 2000)).collect();
    let mut one = vec![u64::MAX; LONGEST_SPAN * WORKGROUP as usize + 100];
    if let Some(last) = one.last_mut() {
        *last = 0;
    }
    let mut sort = Check { name: "sort", answers: 0, wrong: 0 };
    for (mut words, span) in [(many, SHORTEST_SPAN), (one, LONGEST_SPAN)] {
        let mut expected = words.clone();
        sort_by_spans(session, &mut words, span)?;
        Host.sort(&mut expected);
        sort.answers += words.len();
        sort.wrong += words.iter().zip(&expected).filter(|(a, b)| a != b).count();
    }

    let corners = [0, 1, 2, 3, (1 << 32) - 1, 1 << 32, 1 << 52, CEILING - 1, CEILING];
    let spread = (0..23).map(|i| scattered(i + 1) >> (11 + i));
    let counts: Vec<u64> = corners.into_iter().chain(spread).collect();
    let pairs = counts.iter().flat_map(|&a| counts.iter().map(move |&b| (a, b)));
    let (over, under): (Vec<u64>, Vec<u64>) = pairs.unzip();
    let (mut answers, mut wrong) = (0, 0);
    for shift in [0, 1, 31, 53, MAX_SHIFT] {
        let given = quotients(session, &over, &under, shift)?;
        let expected = quotient::quotients(&over, &under, shift);
        answers += expected.len();
        wrong += given.iter().zip(&expected).filter(|(a, b)| a != b).count();
    }
    Ok([sort, Check { name: "quotients", answers, wrong }])
}
