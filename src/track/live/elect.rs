//! One reader per node, where several ranks of one job each measure themselves.
//!
//! ```text
//! haze-track-UID/KEY.ranks          in the temporary folder, locked (flock) by the reader as long as it reads
//!   rank PID START                 a line of every rank: what the reader counts
//!   reader RECORD                  a line of every reader: whose record has the energy
//! ```
//!
//! Ranks are those of one job, step and name on one node; a parallel job that is no set of ranks (a batch script that starts
//! two commands) elects nobody. The lock goes with the process that holds it, however that ends. Another rank, which
//! tries at each of its samples, then reads on from there, and its record has the energy from that time: nothing counts
//! twice, and at most one interval is not counted. What a killed reader had read is lost with its record.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::unistd::getppid;

use super::folder;
use super::processes::{self, Root};
use crate::track::job::Job;

/// The part of one process in an election. Dropped, it gives the lock back itself: a process that was forked meanwhile has the
/// file open too, and would hold the lock on.
#[derive(Debug)]
pub struct Election {
    file: File,
    path: std::path::PathBuf,
    is_reader: bool,
}

impl Election {
    /// Of the ranks of this job with this name; `None` where there are no several on this node.
    ///
    /// # Errors
    /// The place where ranks meet cannot be used.
    pub fn of(job: Option<&Job>, name: &str, me: Root) -> io::Result<Option<Election>> {
        let Some(job) = job.filter(|job| job.shares_its_node()) else { return Ok(None) };
        // Ranks of a launcher that names no job have it as their parent.
        let id = job.id.clone().unwrap_or_else(|| format!("parent {}", getppid()));
        let step = job.step.as_deref().unwrap_or("");
        let index = job.index.as_deref().unwrap_or("");
        // The folder may be on a file system that several nodes have in common.
        let key = folder::hash(&format!("{:?}\n{id}\n{step}\n{index}\n{name}\n{}", job.system, folder::node()));
        Election::at(&folder::of_jobs()?, &key, me).map(Some)
    }

    fn at(folder: &Path, key: &str, me: Root) -> io::Result<Election> {
        let path = folder.join(format!("{key}.ranks"));
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
        file.write_all(format!("rank {} {}\n", me.pid, me.started).as_bytes())?;
        Ok(Election { file, path, is_reader: false })
    }

    /// Whether this rank reads; takes the part if it is free.
    pub fn is_reader(&mut self, record: &str) -> bool {
        if !self.is_reader && self.file.try_lock().is_ok() {
            self.is_reader = true;
            // Without this line the others cannot name the reader, which is said in their records.
            let _ = self.file.write_all(format!("reader {record}\n").as_bytes());
        }
        self.is_reader
    }

    /// The ranks that live.
    pub fn ranks(&self) -> Vec<Root> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let ranks = text.lines().filter_map(|line| {
            let (pid, started) = line.strip_prefix("rank ")?.split_once(' ')?;
            Some(Root { pid: pid.parse().ok()?, started: started.parse().ok()?, counts: true })
        });
        ranks.filter(|rank| processes::lives(*rank)).collect()
    }

    /// The record of the last reader.
    pub fn reader(&self) -> Option<String> {
        let text = fs::read_to_string(&self.path).ok()?;
        text.lines().filter_map(|line| line.strip_prefix("reader ")).next_back().map(str::to_string)
    }
}

impl Drop for Election {
    fn drop(&mut self) {
        if self.is_reader {
            // The lock then goes with the last process that has the file open.
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Root {
        processes::root(std::process::id()).unwrap()
    }

    #[test]
    fn one_reads_and_another_reads_on() {
        let dir = tempfile::tempdir().unwrap();
        let join = || Election::at(dir.path(), "k", me()).unwrap();
        let (mut a, mut b, mut c) = (join(), join(), join());
        assert!(a.is_reader("A") && a.is_reader("A") && !b.is_reader("B") && !c.is_reader("C"));
        assert_eq!(b.reader().as_deref(), Some("A"));
        assert_eq!(a.ranks().len(), 3);
        // As a process has it that was forked meanwhile.
        let _copy = a.file.try_clone().unwrap();
        drop(a);
        assert!(b.is_reader("B") && !c.is_reader("C"));
        assert_eq!(c.reader().as_deref(), Some("B"));
        // Another job has a reader of its own.
        assert!(Election::at(dir.path(), "other", me()).unwrap().is_reader("D"));
    }

    #[test]
    fn ranks_that_are_gone_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let gone = Root { started: me().started + 1, ..me() };
        let a = Election::at(dir.path(), "k", gone).unwrap();
        assert!(a.ranks().is_empty());
        let _b = Election::at(dir.path(), "k", me()).unwrap();
        assert_eq!(a.ranks(), [me()]);
    }

    #[test]
    fn a_single_rank_elects_nobody() {
        let job = |local| Job::of(|name| (name == local).then(|| "1".to_string()), "");
        assert!(Election::of(None, "x", me()).unwrap().is_none());
        assert!(Election::of(job("SLURM_JOB_ID").as_ref(), "x", me()).unwrap().is_none());
    }
}
