//! How much is submitted at a time, and how much ahead.
//!
//! A dispatch takes a tenth of a second, sized from the ones before: operating systems reset a GPU that does not answer
//! for about two seconds. Two submissions are in flight, so that the device works while the host takes results in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::device::Device;
use super::error::GpuError;

/// What a dispatch should take.
const AIM: Duration = Duration::from_millis(100);
/// Submissions at work or waiting.
const IN_FLIGHT: usize = 2;
/// Work of the first dispatch, before anything is known of the device: model-draws of a plain run.
const FIRST: f64 = 1e6;
/// From one dispatch to the next the size grows by this factor at most.
const GROWTH: f64 = 16.0;

pub struct Pace {
    /// Submissions not waited for: when, and their work.
    flying: VecDeque<(wgpu::SubmissionIndex, Instant, f64)>,
    last_done: Instant,
    size: f64,
    dispatches: u32,
}

impl Pace {
    pub fn new() -> Pace {
        Pace { flying: VecDeque::new(), last_done: Instant::now(), size: FIRST, dispatches: 0 }
    }

    /// Work of the next dispatch.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// Submits, after waiting until there is room for it in flight. `work` is what it has of dispatches of models, in
    /// whatever unit the caller measures them; 0 for other things.
    pub fn submit(&mut self, device: &Device, encoder: wgpu::CommandEncoder, work: f64) -> Result<(), GpuError> {
        self.make_room(device, IN_FLIGHT - 1)?;
        let submission = device.submit(encoder);
        self.flying.push_back((submission, Instant::now(), work));
        if work > 0.0 {
            self.dispatches += 1;
            device.dispatched(self.dispatches);
        }
        Ok(())
    }

    /// Waits until at most `left` submissions are in flight, and sizes the next dispatch from what they took.
    fn make_room(&mut self, device: &Device, left: usize) -> Result<(), GpuError> {
        while self.flying.len() > left {
            let Some((submission, since, work)) = self.flying.pop_front() else { break };
            device.wait(&submission)?;
            let took = self.last_done.max(since).elapsed().as_secs_f64().max(1e-6);
            self.last_done = Instant::now();
            if work > 0.0 {
                self.size = (work * AIM.as_secs_f64() / took).min(work * GROWTH).max(1.0);
            }
        }
        Ok(())
    }
}
