//! Which processes belong to what is measured, and the CPU time that they have used.
//!
//! A process belongs to it by its chain of parents, because its parent did when it was last seen, or because it is in the
//! session of a root that leads one (a service and what it detached). So an orphan stays ours even where nobody adopts
//! it. A number that was given to another process is known by the time of its start.
//!
//! All of `/proc` is read for that, which takes 10 µs a process. [`Census::pids`] reads it again only when that costs less
//! than [`SHARE`] of the time since: on a machine with 10,000 processes every few minutes, on a small one at each sample.
//!
//! Fields of `/proc/PID/stat`: proc_pid_stat(5), <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};

/// The part of one core that looking for processes may take.
const SHARE: f64 = 0.0003;

/// What is measured.
#[derive(Debug, Clone)]
pub enum Watched {
    /// These processes and all below them.
    Below(Vec<Root>),
    /// All of the machine.
    Machine,
}

/// A process at the top of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Root {
    pub pid: u32,
    /// In clock ticks since the boot: with the number it names one process.
    pub started: u64,
    /// Whether it counts itself: a program that runs the command does not.
    pub counts: bool,
}

/// A line of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub pid: u32,
    pub state: char,
    parent: u32,
    session: u32,
    /// User and system time of itself and of children that it waited for, in clock ticks.
    ticks: u64,
    pub started: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Stat> {
        // The name stands in parentheses and may hold blanks and parentheses.
        let (head, rest) = text.rsplit_once(')')?;
        let pid = head.split_once(' ')?.0.parse().ok()?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<i64>().ok();
        let ticks = [11, 12, 13, 14].into_iter().map(number).sum::<Option<i64>>()?;
        Some(Stat {
            pid,
            state: fields.first()?.chars().next()?,
            parent: u32::try_from(number(1)?).ok()?,
            session: u32::try_from(number(3)?).unwrap_or(0),
            ticks: u64::try_from(ticks).ok()?,
            started: u64::try_from(number(19)?).ok()?,
        })
    }

    /// Of a process that is there.
    pub fn of(proc: &Path, pid: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(proc.join(format!("{pid}/stat"))).ok()?)
    }
}

/// A process that lives, with the start that later ones of its number do not have.
pub fn root(pid: u32) -> Option<Root> {
    let stat = Stat::of(Path::new("/proc"), pid)?;
    (stat.state != 'Z').then_some(Root { pid, started: stat.started, counts: true })
}

/// Whether it still lives. A zombie does not.
pub fn lives(root: Root) -> bool {
    Stat::of(Path::new("/proc"), root.pid).is_some_and(|now| now.started == root.started && now.state != 'Z')
}

/// What is left at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    pub living: usize,
    pub living_s: f64,
    pub all_s: f64,
}

/// The processes of what is measured, kept up to date.
#[derive(Debug)]
pub struct Census {
    proc: PathBuf,
    watched: Watched,
    /// Members by number, with the time of their start.
    members: HashMap<u32, u64>,
    /// Ticks that roots had used before, and the most that was seen since.
    before: HashMap<(u32, u64), u64>,
    ticks: u64,
    next_s: f64,
}

impl Census {
    /// Of what is below `root`'s `proc`. Roots of which nothing is to be counted from before have used nothing yet.
    pub fn new(root: &Path, watched: Watched) -> Census {
        let mut census = Census {
            proc: root.join("proc"),
            watched,
            members: HashMap::new(),
            before: HashMap::new(),
            ticks: 0,
            next_s: f64::NEG_INFINITY,
        };
        let (all, members) = census.look();
        for stat in all.iter().filter(|stat| members.contains(&stat.pid)) {
            census.before.insert((stat.pid, stat.started), stat.ticks);
        }
        census
    }

    /// More roots: other ranks of the job.
    pub fn add(&mut self, root: Root) {
        if let Watched::Below(roots) = &mut self.watched
            && !roots.iter().any(|known| known.pid == root.pid && known.started == root.started)
        {
            roots.push(root);
            self.next_s = f64::NEG_INFINITY;
        }
    }

    /// The members, looked for again if enough time has gone by.
    pub fn pids(&mut self, now_s: f64) -> Vec<u32> {
        if now_s >= self.next_s {
            let before = cpu_s();
            self.update();
            self.next_s = now_s + (cpu_s() - before).max(0.0) / SHARE;
        }
        let mut pids: Vec<u32> = self.members.keys().copied().collect();
        pids.sort_unstable();
        pids
    }

    /// Looks once more; how many members live, and the CPU time that these and all have used since the beginning, in
    /// seconds.
    pub fn end(&mut self) -> End {
        let living = self.update();
        let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64;
        let (living_s, all_s) = (living as f64 / per_second, self.ticks as f64 / per_second);
        End { living: self.members.len(), living_s, all_s }
    }

    /// The ticks of the members that live.
    fn update(&mut self) -> u64 {
        let (all, members) = self.look();
        let ours = || all.iter().filter(|stat| members.contains(&stat.pid) && stat.state != 'Z');
        let before = |stat: &Stat| self.before.get(&(stat.pid, stat.started)).copied().unwrap_or(0);
        let ticks = ours().map(|stat| stat.ticks.saturating_sub(before(stat))).sum();
        self.members = ours().map(|stat| (stat.pid, stat.started)).collect();
        // Time of a process that nobody waited for goes with it.
        self.ticks = self.ticks.max(ticks);
        ticks
    }

    /// All processes, and the numbers of the members.
    fn look(&self) -> (Vec<Stat>, HashSet<u32>) {
        let entries = fs::read_dir(&self.proc).into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let all: Vec<Stat> = numbers.filter_map(|pid| Stat::of(&self.proc, pid)).collect();
        let members = match &self.watched {
            Watched::Machine => all.iter().map(|stat| stat.pid).collect(),
            Watched::Below(roots) => self.below(roots, &all),
        };
        (all, members)
    }

    fn below(&self, roots: &[Root], all: &[Stat]) -> HashSet<u32> {
        let by_pid: HashMap<u32, &Stat> = all.iter().map(|stat| (stat.pid, stat)).collect();
        let is = |root: &&Root| by_pid.get(&root.pid).is_some_and(|stat| stat.started == root.started);
        let alive: Vec<&Root> = roots.iter().filter(is).collect();
        let leads = |root: &&&Root| root.counts && by_pid[&root.pid].session == root.pid;
        let sessions: HashSet<u32> = alive.iter().filter(leads).map(|root| root.pid).collect();
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        all.iter().for_each(|stat| children.entry(stat.parent).or_default().push(stat.pid));
        let was_member = |stat: &&Stat| self.members.get(&stat.pid) == Some(&stat.started);
        let mut next: Vec<u32> = alive.iter().map(|root| root.pid).collect();
        next.extend(all.iter().filter(was_member).map(|stat| stat.pid));
        next.extend(all.iter().filter(|stat| sessions.contains(&stat.session)).map(|stat| stat.pid));
        let mut found = HashSet::new();
        while let Some(pid) = next.pop() {
            if found.insert(pid) {
                next.extend(children.get(&pid).into_iter().flatten());
            }
        }
        for root in alive.iter().filter(|root| !root.counts) {
            found.remove(&root.pid);
        }
        found
    }
}

/// CPU time of this thread, in seconds.
fn cpu_s() -> f64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(0.0, |t| t.tv_sec() as f64 + t.tv_nsec() as f64 * 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pid (name) S parent group session …`, ticks in fields 14 to 17, start in field 22.
    fn write(dir: &Path, pid: u32, parent: u32, session: u32, ticks: u64, started: u64) {
        let folder = dir.join(format!("proc/{pid}"));
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "{pid} (a) b) S {parent} {pid} {session} 0 -1 4194560 1 0 0 0 {ticks} 1 0 0 20 0 1 0 {started} 1 1 1\n"
        );
        fs::write(folder.join("stat"), text).unwrap();
    }

    fn remove(dir: &Path, pid: u32) {
        fs::remove_dir_all(dir.join(format!("proc/{pid}"))).unwrap();
    }

    #[test]
    fn a_line_with_any_name() {
        // From a running system: cat /proc/PID/stat of a process called ") S 1".
        let text =
            "77 () S 1) R 9 77 5 34816 77 4194304 90 0 0 0 3 4 5 6 20 0 1 0 8812 2703360 384 18446744073709551615";
        let found = Stat::parse(text).unwrap();
        assert_eq!((found.pid, found.state, found.parent, found.session), (77, 'R', 9, 5));
        assert_eq!((found.ticks, found.started), (18, 8812));
        assert_eq!(Stat::parse("77 (x) R 9"), None);
    }

    #[test]
    fn members_come_by_their_parents_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |pid, parent, ticks| write(dir.path(), pid, parent, 1, ticks, u64::from(pid));
        at(1, 0, 0);
        at(10, 1, 500);
        at(11, 10, 5);
        at(20, 1, 9);
        let root = Root { pid: 10, started: 10, counts: true };
        let mut census = Census::new(dir.path(), Watched::Below(vec![root]));
        assert_eq!(census.pids(0.0), [10, 11]);
        at(12, 11, 7);
        census.update();
        // 11 ends without being waited for; 12 is adopted by 1, and stays.
        remove(dir.path(), 11);
        at(12, 1, 30);
        at(13, 12, 1);
        census.update();
        assert_eq!(census.members.keys().copied().collect::<HashSet<_>>(), HashSet::from([10, 12, 13]));
        // 10 had 501 ticks before; 12 has 31 and 13 has 2 since.
        assert_eq!(census.ticks, 33);
        // A process that got the number of a member is none.
        remove(dir.path(), 12);
        remove(dir.path(), 13);
        write(dir.path(), 12, 1, 1, 1000, 999);
        census.update();
        assert_eq!(census.members.keys().copied().collect::<Vec<_>>(), [10]);
        assert_eq!(census.ticks, 33);
    }

    #[test]
    fn sessions_the_machine_and_a_root_that_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 1, 0, 1, 0, 1);
        write(dir.path(), 10, 1, 10, 0, 5);
        write(dir.path(), 11, 1, 10, 0, 6);
        write(dir.path(), 12, 10, 10, 0, 7);
        let below = |counts| {
            let root = Root { pid: 10, started: 5, counts };
            Census::new(dir.path(), Watched::Below(vec![root])).pids(0.0)
        };
        // 11 was detached by the service and has its session.
        assert_eq!((below(true), below(false)), (vec![10, 11, 12], vec![12]));
        assert_eq!(Census::new(dir.path(), Watched::Machine).pids(0.0), [1, 10, 11, 12]);
        let other = Root { pid: 10, started: 4, counts: true };
        let mut none = Census::new(dir.path(), Watched::Below(vec![other]));
        assert!(none.pids(0.0).is_empty());
        none.add(Root { pid: 12, started: 7, counts: true });
        assert_eq!(none.pids(0.0), [12]);
    }

    #[test]
    fn this_process_is_there() {
        let me = root(std::process::id()).unwrap();
        assert!(lives(me) && !lives(Root { started: me.started + 1, ..me }));
    }
}
