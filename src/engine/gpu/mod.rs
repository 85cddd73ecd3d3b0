//! The GPU backend: the same bytes as the CPU, through WGSL kernels and wgpu, whose types do not leave this folder.
//!
//! `adapter` finds devices and chooses one, `shader` puts the kernels of `shaders/` together, `device` is an opened
//! device and everything that can fail on it, `session` adds the compiled kernels. `layout` says how a plan lies in
//! memory, `budget` how much of it goes there at once, `buffers` which kernel sees what. `run` does the work and `gather`
//! takes in what comes back. `reduce` sorts and divides the kept draws. `self_test` asks for known answers before the first result; `fault` breaks things on purpose, for the tests.
//!
//! Invariant: a run ends with the whole summary, or with none. What fails on the device is drawn again on a fresh one,
//! then on the CPU where that is allowed, from the last draw that had come back.
//!
//! ```
//! use carbonhaze::engine::Gpu;
//! use carbonhaze::engine::gpu::Options;
//!
//! match Gpu::new(None, Options::default(), None) {
//!     Ok(gpu) => assert!(gpu.self_test()?.iter().all(|check| check.wrong == 0)),
//!     Err(why) => println!("no GPU here: {why}"),
//! }
//! # Ok::<(), carbonhaze::engine::gpu::GpuError>(())
//! ```

pub mod adapter;
mod budget;
mod buffers;
// Records as the kernels have them: public for the tests that compare both, and for nobody else.
#[doc(hidden)]
pub mod corner_layout;
mod corners;
mod device;
mod error;
mod fault;
mod gather;
#[doc(hidden)]
pub mod layout;
mod pace;
mod reduce;
mod run;
mod self_test;
mod session;
pub mod shader;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use adapter::{Facts, Kind};

pub use error::GpuError;
pub use fault::Fault;
pub use reduce::OnDevice;
pub use shader::Variant;

use adapter::Found;
use budget::{Budget, Cut, Room};
use corner_layout::CornerLayout;
use device::{Checks, Device};
use fault::Faults;
use gather::{Gathered, GatheredCorners};
use run::Halt;
use session::Session;

use super::{Backend, Check, Corners, Cpu, Prepared, Stopped, Summary};
use crate::engine::plan::Block;

/// How a device is used. The default is what is best for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Draws per stretch; 0 for the default.
    pub chunk: u64,
    /// Bytes per buffer at most; 0 for the default.
    pub binding_bytes: u64,
    /// Parts of a dispatch's models; 0 for the default.
    pub splits: u32,
    /// Another variant of the kernels than the fastest that the device has.
    pub variant: Option<Variant>,
    /// Kernels with clamped indices and bounded loops.
    pub checked: bool,
    /// What is to go wrong, for tests.
    pub faults: Vec<Fault>,
}

/// The GPU backend.
pub struct Gpu {
    found: Found,
    variant: Variant,
    options: Options,
    faults: Arc<Faults>,
    session: Mutex<Option<Arc<Session>>>,
    fallback: Option<Cpu>,
    notices: Mutex<Vec<String>>,
    finished_on_cpu: AtomicBool,
}

impl Gpu {
    /// The adapter whose name contains `name`, or the first real GPU. With `fallback` a run that fails twice is
    /// finished there.
    pub fn new(name: Option<&str>, options: Options, fallback: Option<Cpu>) -> Result<Gpu, GpuError> {
        Ok(Gpu::with(adapter::choose(name)?, options, fallback))
    }

    /// The same for an adapter at hand.
    pub fn with(found: Found, options: Options, fallback: Option<Cpu>) -> Gpu {
        let variant = options.variant.unwrap_or(found.facts.variant());
        let faults = Arc::new(Faults::new(options.faults.clone()));
        Gpu {
            found,
            variant,
            options,
            faults,
            session: Mutex::default(),
            fallback,
            notices: Mutex::default(),
            finished_on_cpu: AtomicBool::new(false),
        }
    }

    /// What is known of the device.
    pub fn facts(&self) -> &Facts {
        &self.found.facts
    }

    /// What went wrong and was mended, since the last call, in sentences.
    pub fn notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the device and asks for known answers.
    pub fn self_test(&self) -> Result<Vec<Check>, GpuError> {
        self_test::checks(&*self.open()?)
    }

    /// How often tables were sent to the device in use: for tests.
    #[doc(hidden)]
    pub fn table_uploads(&self) -> u64 {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().map_or(0, |session| session.uploads())
    }

    /// Whether the CPU had to finish a run of this backend, or its reductions.
    pub fn finished_on_cpu(&self) -> bool {
        self.finished_on_cpu.load(Ordering::Relaxed)
    }

    fn notice(&self, text: String) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn budget(&self) -> Budget {
        let budget = Budget::of(self.found.facts.kind);
        let asked = self.options.binding_bytes;
        Budget { binding_bytes: if asked == 0 { budget.binding_bytes } else { asked }, ..budget }
    }

    /// What a device has for some draws, and what was asked for.
    fn room(&self, device: &Device, budget: Budget, draws: Range<u64>) -> Room {
        Room {
            budget,
            binding: budget.binding_bytes.min(device.max_binding_bytes),
            max_workgroups: device.max_workgroups,
            draws: draws.end - draws.start,
            chunk: self.options.chunk,
            splits: self.options.splits,
        }
    }

    /// A fresh device, not tested.
    fn open(&self) -> Result<Arc<Session>, GpuError> {
        let checks = if self.options.checked { Checks::Checked } else { Checks::Trusted };
        let binding = self.budget().binding_bytes;
        let device = Device::open(&self.found, self.variant, binding, checks, Arc::clone(&self.faults))?;
        Ok(Arc::new(Session::new(device)))
    }

    /// The device in use, or a fresh one that has passed the self-test.
    fn session(&self) -> Result<Arc<Session>, GpuError> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*session {
            return Ok(Arc::clone(session));
        }
        let fresh = self.open()?;
        if self.faults.changed_text().is_none() {
            self_test::run(&fresh)?;
        }
        *session = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Draws what is missing, on the device in use or a fresh one.
    fn attempt(
        &self,
        plan: Block<'_>,
        seed: u64,
        budget: Budget,
        gathered: &mut Gathered,
        report: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<(), Halt> {
        let session = self.session()?;
        let cut = Cut::of(plan, &self.room(&session.device, budget, gathered.draws()))?;
        run::run(&session, plan, seed, cut, gathered, report)
    }

    /// Draws what is missing on the CPU.
    fn finish_on(
        &self,
        cpu: &Cpu,
        plan: Block<'_>,
        seed: u64,
        gathered: &mut Gathered,
        report: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<(), Stopped> {
        let end = gathered.draws().end;
        while gathered.next < end {
            // First to the end of a stretch of which some models are already in.
            let n = if gathered.models_in > 0 { gathered.stretch } else { end - gathered.next };
            let (first, start) = (gathered.next, gathered.draws().start);
            // Some of it may have been reported by the device that failed.
            let state = Mutex::new((first - start, &mut *gathered));
            let progress = |n| {
                let (done, gathered) = &mut *state.lock().unwrap_or_else(PoisonError::into_inner);
                *done += n;
                gathered.report(*done, report)
            };
            let part = cpu.run_block(plan, seed, first..first + n, &progress)?;
            gathered.take_part(part);
        }
        Ok(())
    }
}

/// What comes back, as the policy on failures sees it.
trait Unfinished {
    /// The first draw that is not in.
    fn next(&self) -> u64;
    /// Whether the next stretch may be of another length.
    fn between_stretches(&self) -> bool;
}

impl Unfinished for Gathered {
    fn next(&self) -> u64 {
        self.next
    }

    fn between_stretches(&self) -> bool {
        self.models_in == 0
    }
}

impl Unfinished for GatheredCorners {
    fn next(&self) -> u64 {
        self.next
    }

    fn between_stretches(&self) -> bool {
        true
    }
}

/// Why attempts on devices ended.
enum GivenUp {
    Interrupted,
    Failed(GpuError),
}

impl Gpu {
    /// Attempts what is missing, after a failure that may pass once more on a fresh device.
    fn persist<G: Unfinished>(
        &self,
        start: u64,
        gathered: &mut G,
        attempt: impl Fn(&mut G, Budget) -> Result<(), Halt>,
    ) -> Result<(), GivenUp> {
        let mut budget = self.budget();
        let mut tries = 2;
        loop {
            match attempt(gathered, budget) {
                Ok(()) => return Ok(()),
                Err(Halt::Interrupted) => return Err(GivenUp::Interrupted),
                Err(Halt::Failed(e)) => {
                    *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    tries -= 1;
                    if tries == 0 || !e.may_pass() {
                        return Err(GivenUp::Failed(e));
                    }
                    if matches!(e, GpuError::OutOfMemory { .. }) && gathered.between_stretches() {
                        budget = budget.smaller();
                    }
                    let done = gathered.next() - start;
                    self.notice(format!("{e}; continuing from draw {done} on a fresh device"));
                }
            }
        }
    }

    /// Who finishes what devices could not.
    fn finisher(&self, given_up: GivenUp, done: u64) -> Result<&Cpu, Stopped> {
        let failure = match given_up {
            GivenUp::Interrupted => return Err(Stopped::Interrupted),
            GivenUp::Failed(failure) => failure,
        };
        let Some(cpu) = &self.fallback else { return Err(Stopped::Device(failure.to_string())) };
        self.notice(format!("{failure}; the CPU draws the rest, from draw {done} on"));
        self.finished_on_cpu.store(true, Ordering::Relaxed);
        Ok(cpu)
    }

    /// Draws the missing corners, on the device in use or a fresh one whose kernels for them have passed the self-test.
    fn attempt_corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        budget: Budget,
        gathered: &mut GatheredCorners,
        report: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<(), Halt> {
        let layout = CornerLayout::new(prepared)?;
        let session = self.session()?;
        if session.corners_tested.get().is_none() && self.faults.changed_text().is_none() {
            self_test::run_corners(&session)?;
            let _ = session.corners_tested.set(());
        }
        let cut = Cut::of_corners(prepared, &layout, &self.room(&session.device, budget, gathered.draws()))?;
        corners::run(&session, prepared, &layout, seed, cut, gathered, report)
    }
}

impl Backend for Gpu {
    fn run_block(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        let mut gathered = Gathered::new(plan, draws.clone());
        let attempt = |gathered: &mut Gathered, budget| self.attempt(plan, seed, budget, gathered, progress);
        if let Err(given_up) = self.persist(draws.start, &mut gathered, attempt) {
            let cpu = self.finisher(given_up, gathered.next - draws.start)?;
            self.finish_on(cpu, plan, seed, &mut gathered, progress)?;
        }
        Ok(gathered.finish(plan))
    }

    fn corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Corners, Stopped> {
        let mut gathered = GatheredCorners::new(prepared.empty(draws.clone()));
        let attempt =
            |gathered: &mut GatheredCorners, budget| self.attempt_corners(prepared, seed, budget, gathered, progress);
        if let Err(given_up) = self.persist(draws.start, &mut gathered, attempt) {
            let cpu = self.finisher(given_up, gathered.next - draws.start)?;
            let first = gathered.next;
            // Some of it may have been reported by the device that failed.
            let state = Mutex::new((first, &mut gathered));
            let advanced = |n| {
                let (done, gathered) = &mut *state.lock().unwrap_or_else(PoisonError::into_inner);
                *done += n;
                gathered.report(*done, progress)
            };
            let rest = cpu.corners(prepared, seed, first..draws.end, &advanced)?;
            gathered.take_rest(&rest);
        }
        Ok(gathered.finish())
    }
}
