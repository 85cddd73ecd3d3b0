//! The corners of a pick-freeze design on all cores: chunks of draws, tiles of models, totals per thread.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use super::accumulate;
use super::corner_block::{Class, ClassTotals, Prepared, Scratch};
use super::corners::Corners;
use super::model_block::{BLOCK, SharedLogs, Span};
use super::simd::Available;
use crate::engine::Stopped;
use crate::engine::plan::design::Sample;

/// Draws per chunk: the totals of all corners stay in the second-level cache.
const CHUNK: usize = 1024;
/// Models per tile at most.
const TILE: usize = 32;

struct Worker {
    scratch: Box<Scratch>,
    totals: ClassTotals,
}

pub fn run(
    simd: Available,
    prepared: &Prepared,
    seed: u64,
    draws: Range<u64>,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Corners, Stopped> {
    let plan = prepared.plan;
    let mut corners = prepared.empty(draws.clone());
    let threads = rayon::current_num_threads();
    let room = || {
        let of = |classes: &Vec<Class>| classes.iter().map(|class| vec![vec![0; CHUNK]; class.corners.len()]).collect();
        prepared.classes.iter().map(of).collect()
    };
    let workers: Vec<Mutex<Worker>> =
        (0..threads).map(|_| Mutex::new(Worker { scratch: Scratch::new(simd.fused()), totals: room() })).collect();
    let mut normals = vec![0; plan.effects.len() * CHUNK];
    let mut shared = [Sample::A, Sample::B].map(|_| vec![0; prepared.parts.len() * CHUNK]);
    let tile = plan.models.len().div_ceil(4 * threads).clamp(1, TILE);

    let mut first = draws.start;
    while first < draws.end {
        let n = CHUNK.min((draws.end - first) as usize);
        for (sample, logs) in [Sample::A, Sample::B].into_iter().zip(&mut shared) {
            normals.par_chunks_mut(CHUNK).zip(&plan.effects).for_each(|(z, &key)| {
                simd.draw_effect(seed, sample.shared(), key, first, &mut z[..n]);
            });
            logs.par_chunks_mut(CHUNK).zip(&prepared.parts).for_each(|(logs, part)| {
                simd.sum_cell(part, &normals, CHUNK, &mut logs[..n]);
            });
        }
        let models: Vec<usize> = (0..plan.models.len()).collect();
        models.par_chunks(tile).for_each(|models| {
            let index = rayon::current_thread_index().unwrap_or(0);
            let mut worker = workers[index].lock().unwrap_or_else(|e| e.into_inner());
            let Worker { scratch, totals } = &mut *worker;
            for &model in models {
                for at in (0..n).step_by(BLOCK) {
                    let span = Span { seed, first: first + at as u64, n: BLOCK.min(n - at), at };
                    let logs = shared.each_ref().map(|logs| SharedLogs { logs, stride: CHUNK, offset: at });
                    simd.add_corners(prepared, model, &span, logs, scratch, totals);
                }
            }
        });
        let at = (first - draws.start) as usize;
        for worker in &workers {
            let mut worker = worker.lock().unwrap_or_else(|e| e.into_inner());
            let outputs = corners.totals.iter_mut().zip(&prepared.classes).zip(&mut worker.totals);
            for ((into, classes), totals) in outputs {
                for (class, totals) in classes.iter().zip(totals) {
                    for (into, &from) in into.iter_mut().zip(&class.of_distinct) {
                        accumulate::merge(&mut into[at..at + n], &totals[from][..n]);
                    }
                    totals.iter_mut().for_each(|total| total[..n].fill(0));
                }
            }
        }
        first += n as u64;
        if !progress(n as u64) {
            return Err(Stopped::Interrupted);
        }
    }
    Ok(corners)
}
