//! How much memory is free: what the system has left, and what the control groups of the program leave of it.
//!
//! A container, a batch system or systemd ends a program without a word when it takes more than its control group has.
//! Linux tells all of it in files; elsewhere nothing is known.

use std::fs;
use std::path::{Path, PathBuf};

/// In bytes, where the system tells.
pub(super) fn free() -> Option<u64> {
    free_under(Path::new("/"))
}

fn free_under(root: &Path) -> Option<u64> {
    let system = field(&root.join("proc/meminfo"), "MemAvailable:").map(|kib| kib * 1024);
    let swap = field(&root.join("proc/meminfo"), "SwapFree:").map_or(0, |kib| kib * 1024);
    let groups = groups(root).into_iter().filter_map(|group| group.free());
    system.map(|system| system + swap).into_iter().chain(groups).min()
}

/// A control group, with the names that its version has for things.
struct Group {
    folder: PathBuf,
    limit: &'static str,
    used: &'static str,
    cached: &'static str,
}

impl Group {
    /// What the limit leaves. Cached files make way.
    fn free(&self) -> Option<u64> {
        let limit = number(&fs::read_to_string(self.folder.join(self.limit)).ok()?)?;
        let used = number(&fs::read_to_string(self.folder.join(self.used)).ok()?)?;
        let cached = field(&self.folder.join("memory.stat"), self.cached).unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cached)))
    }
}

/// The groups that the program is in and those around them; in a container also the outermost that it sees, because
/// the names of its own may be those outside.
fn groups(root: &Path) -> Vec<Group> {
    let mut groups = Vec::new();
    for line in fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default().lines() {
        // hierarchy:controllers:path; version 2 has no controllers here.
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (mount, limit, used, cached) = match controllers {
            "" => ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
            names if names.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            }
            _ => continue,
        };
        let mount = root.join(mount);
        let own = mount.join(path.trim_start_matches('/'));
        let around = own.ancestors().take_while(|folder| folder.starts_with(&mount));
        groups.extend(around.map(|folder| Group { folder: folder.to_path_buf(), limit, used, cached }));
    }
    groups
}

/// The number after a name at the start of a line.
fn field(path: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.lines().map(str::split_whitespace).find_map(|mut words| {
        let first = words.next()?;
        (first == name).then_some(words)
    })?;
    number(words.next()?)
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with 8 GiB left, and these files.
    fn machine(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        let meminfo = ("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\nSwapFree: 0 kB\n");
        for (name, text) in files.iter().chain([&meminfo]) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        free_under(root.path())
    }

    #[test]
    fn the_tightest_of_all_limits_counts() {
        assert_eq!(machine(&[]), Some(8 << 30));
        let version_2 = [
            ("proc/self/cgroup", "0::/job/step\n"),
            ("sys/fs/cgroup/job/step/memory.max", "max\n"),
            ("sys/fs/cgroup/job/step/memory.current", "1000\n"),
            ("sys/fs/cgroup/job/memory.max", "5000000\n"),
            ("sys/fs/cgroup/job/memory.current", "3000000\n"),
            ("sys/fs/cgroup/job/memory.stat", "anon 1\ninactive_file 500000\n"),
        ];
        assert_eq!(machine(&version_2), Some(2_500_000));
        let version_1 = [
            ("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/outside/the/container\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n"),
        ];
        assert_eq!(machine(&version_1), Some(3_000_000));
        assert_eq!(free_under(Path::new("/nowhere")), None);
    }
}
