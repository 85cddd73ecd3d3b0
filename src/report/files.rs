//! Files that appear whole or not at all.
//!
//! A [`Target`] is made before the run, so that a path that cannot be written is found before hours are spent. Its
//! files are first written in the same folder, under temporary names; only when all are on disk are they renamed
//! into place, each of which replaces an older file atomically. Should a rename fail, those done before are undone.
//! Folders made for the target disappear again with it unless it was committed. While there is a target of several
//! files, its folder is locked: those of two runs are never mixed.
//!
//! A link is followed: the file it names is replaced, the link stays. What is no file (a device, a pipe) cannot be
//! replaced and is written to as it is.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::portfolio::problem::shorten_path;

/// What `--out DIR` holds.
pub const RESULT: &str = "result.json";
/// The models of a run, a row for each.
pub const MODELS: &str = "models.csv";
/// The groups of a run, a row for each.
pub const GROUPS: &str = "groups.csv";
/// The models again, with types and units.
#[cfg(feature = "parquet")]
pub const MODELS_PARQUET: &str = "models.parquet";
/// The groups again, with types and units.
#[cfg(feature = "parquet")]
pub const GROUPS_PARQUET: &str = "groups.parquet";
/// The study as it was run.
pub const STUDY: &str = "study.toml";
/// A methods section for a paper.
pub const METHODS: &str = "methods.md";
/// The priors in force, with citations.
pub const PRIORS: &str = "priors.csv";
/// The works that both cite.
pub const REFERENCES: &str = "references.bib";

/// Input and settings in one file, from which reports and figures are made.
pub const KEPT: &str = "run.haze";

/// All of them, in the order in which [`Target::commit`] takes their contents.
#[cfg(feature = "parquet")]
pub const OUT: [&str; 10] =
    [RESULT, MODELS, GROUPS, STUDY, METHODS, PRIORS, REFERENCES, KEPT, MODELS_PARQUET, GROUPS_PARQUET];
/// All of them in a build that writes no Parquet.
#[cfg(not(feature = "parquet"))]
pub const OUT: [&str; 8] = [RESULT, MODELS, GROUPS, STUDY, METHODS, PRIORS, REFERENCES, KEPT];

/// How long a pipe that nobody reads is waited for.
const READER: Duration = Duration::from_secs(5);

/// A file cannot be written where it should go.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {why}; {advice}", shorten_path(path))]
pub struct Unwritable {
    /// The file or folder that cannot be written.
    pub path: PathBuf,
    /// What the system says. No `source`: whoever prints the chain of causes would print it twice.
    pub why: io::Error,
    /// What to do.
    pub advice: &'static str,
}

impl Unwritable {
    fn new(path: &Path, why: io::Error) -> Unwritable {
        Unwritable { path: path.to_path_buf(), why, advice: "choose another place or make it writable" }
    }

    fn because(path: &Path, why: &str) -> Unwritable {
        Unwritable { advice: "choose another place", ..Unwritable::new(path, io::Error::other(why)) }
    }
}

/// A folder that files will be put into.
#[derive(Debug)]
pub struct Target {
    folder: PathBuf,
    places: Vec<Place>,
    /// Folders that did not exist before, outermost first; emptied once the target is committed.
    made: Vec<PathBuf>,
    /// Nobody else writes several files into the folder while this is open.
    _lock: Option<File>,
}

/// Where one file will lie, links followed.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Open already where it is no file: a pipe without a reader is found before the run.
    stream: Option<File>,
}

/// Writes one file's content.
pub type Content<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;

/// A target for `--out`: makes the folder if need be, locks it and tries to write there.
pub fn prepare(folder: &Path) -> Result<Target, Unwritable> {
    prepare_files(folder, &OUT)
}

/// The same for files of these names, in the order in which [`Target::commit`] takes their contents.
pub fn prepare_files(folder: &Path, names: &[impl AsRef<OsStr>]) -> Result<Target, Unwritable> {
    let missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|a| !a.as_os_str().is_empty() && fs::symlink_metadata(a).is_err())
        .map(Path::to_path_buf)
        .collect();
    let mut target = Target { folder: folder.to_path_buf(), places: vec![], made: vec![], _lock: None };
    for path in missing.into_iter().rev() {
        match fs::create_dir(&path) {
            Ok(()) => target.made.push(path),
            // Another run made it meanwhile.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Unwritable::new(&path, e)),
        }
    }
    if !folder.is_dir() {
        return Err(Unwritable::because(folder, "this is a file, not a folder"));
    }
    match lock(folder) {
        Ok(lock) => target._lock = lock,
        Err(e) => {
            // The other run made use of the folder.
            target.made.clear();
            return Err(e);
        }
    }
    target.hold(names.iter().map(AsRef::as_ref))?;
    Ok(target)
}

/// A target for a single file such as `--json FILE`. Its folder must exist.
pub fn prepare_file(path: &Path) -> Result<Target, Unwritable> {
    if path.is_dir() {
        return Err(Unwritable::because(path, "this is a folder"));
    }
    let name: OsString = path.file_name().ok_or_else(|| Unwritable::because(path, "this names no file"))?.into();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Unwritable::because(path, "there is no such folder"));
    }
    let mut target = Target { folder: folder.to_path_buf(), places: vec![], made: vec![], _lock: None };
    target.hold([&*name])?;
    Ok(target)
}

/// Locks a folder, where the system can. A folder is locked as such: no file is left in it.
#[cfg(unix)]
fn lock(folder: &Path) -> Result<Option<File>, Unwritable> {
    let Ok(open) = File::open(folder) else { return Ok(None) };
    match open.try_lock() {
        Ok(()) => Ok(Some(open)),
        Err(fs::TryLockError::WouldBlock) => Err(Unwritable {
            advice: "wait until that run has ended, or choose another place",
            ..Unwritable::because(folder, "another run of haze writes into this folder")
        }),
        // A file system that knows no locks.
        Err(fs::TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(not(unix))]
fn lock(_folder: &Path) -> Result<Option<File>, Unwritable> {
    Ok(None)
}

/// A device or a pipe: something that is there and is neither file nor folder.
fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Opens a device or a pipe. A pipe opens when somebody reads from it, which may be never.
fn open_stream(path: &Path) -> Result<File, Unwritable> {
    let (opened, arrives) = mpsc::channel();
    let there = path.to_path_buf();
    thread::spawn(move || opened.send(OpenOptions::new().write(true).open(there)));
    match arrives.recv_timeout(READER) {
        Ok(file) => file.map_err(|e| Unwritable::new(path, e)),
        Err(_) => Err(Unwritable {
            advice: "start its reader first",
            ..Unwritable::because(path, "nobody reads from this pipe")
        }),
    }
}

/// Without the name of the temporary file, which says nothing to the user.
fn unnamed(error: io::Error) -> io::Error {
    error.raw_os_error().map_or(error, io::Error::from_raw_os_error)
}

impl Target {
    /// The folder the files will lie in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the files will lie, links followed.
    pub fn places(&self) -> impl Iterator<Item = &Path> {
        self.places.iter().map(|place| place.path.as_path())
    }

    /// Sees to it that files of these names can be written.
    fn hold<'n>(&mut self, names: impl IntoIterator<Item = &'n OsStr>) -> Result<(), Unwritable> {
        for name in names {
            let path = self.folder.join(name);
            if is_stream(&path) {
                let stream = Some(open_stream(&path)?);
                self.places.push(Place { path, stream });
                continue;
            }
            let link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
            let path = if link { fs::canonicalize(&path).unwrap_or(path) } else { path };
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() => return Err(Unwritable::because(&path, "this is a folder")),
                // A file that may not be written is not replaced, although a rename could.
                Ok(_) => drop(OpenOptions::new().write(true).open(&path).map_err(|e| Unwritable::new(&path, e))?),
                Err(_) => {}
            }
            // A file without a name, where the system has such: whatever ends the program, it is gone.
            let parent = path.parent().unwrap_or(&self.folder);
            tempfile::tempfile_in(parent).map_err(|e| Unwritable::new(parent, unnamed(e)))?;
            self.places.push(Place { path, stream: None });
        }
        Ok(())
    }

    /// Writes the files, in the order the target names them, and puts them in place together.
    pub fn commit(mut self, contents: &[Content]) -> Result<(), Unwritable> {
        let mut written = Vec::new();
        for (Place { path, stream }, content) in self.places.drain(..).zip(contents) {
            if let Some(stream) = stream {
                straight(stream, *content).map_err(|e| Unwritable::new(&path, e))?;
                continue;
            }
            let parent = path.parent().unwrap_or(&self.folder);
            let file = write(parent, *content).map_err(|e| Unwritable::new(&path, unnamed(e)))?;
            written.push((path, file));
        }
        let mut replaced = Replaced { done: Vec::new() };
        for (path, file) in written {
            replaced.put(&path, file).map_err(|e| Unwritable::new(&path, e))?;
        }
        replaced.done.clear();
        self.made.clear();
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Only goes if nobody has put anything into it; then that is right too.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".haze-");
    // As any program would make a file: readable as the user's umask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn write(folder: &Path, content: Content) -> io::Result<NamedTempFile> {
    let file = temporary(folder)?;
    let mut out = BufWriter::new(file.as_file());
    content(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    Ok(file)
}

/// Into a device or a pipe; a reader that has gone away (`>(head)`) is no failure.
fn straight(mut out: File, content: Content) -> io::Result<()> {
    match content(&mut out) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Files put in place so far, to be taken back in reverse order unless all of them arrive.
struct Replaced {
    /// A place, and the file that stood there before.
    done: Vec<(PathBuf, Option<tempfile::TempPath>)>,
}

impl Replaced {
    fn put(&mut self, path: &Path, file: NamedTempFile) -> io::Result<()> {
        let before = if path.exists() { Some(keep(path)?) } else { None };
        file.persist(path).map_err(|e| e.error)?;
        self.done.push((path.to_path_buf(), before));
        Ok(())
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        for (path, before) in self.done.drain(..).rev() {
            let _ = match before {
                Some(before) => before.persist(&path).map_err(|e| e.error),
                None => fs::remove_file(&path),
            };
        }
    }
}

/// A second name for the file at `path`, or a copy where the file system has no links.
fn keep(path: &Path) -> io::Result<tempfile::TempPath> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let linked = tempfile::Builder::new().prefix(".haze-").make_in(folder, |name| fs::hard_link(path, name));
    match linked {
        Ok(link) => Ok(link.into_temp_path()),
        Err(_) => {
            let mut copy = temporary(folder)?;
            io::copy(&mut File::open(path)?, copy.as_file_mut())?;
            Ok(copy.into_temp_path())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn text(content: &'static str) -> impl Fn(&mut dyn Write) -> io::Result<()> {
        move |out| out.write_all(content.as_bytes())
    }

    /// In the order of their names.
    fn sorted() -> Vec<&'static str> {
        let mut all = OUT.to_vec();
        all.sort_unstable();
        all
    }

    /// The same content for every file.
    fn each(content: Content) -> Vec<Content> {
        vec![content; OUT.len()]
    }

    #[test]
    fn all_files_appear_and_replace_older_ones() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("deep/results");
        for round in ["first", "second"] {
            let target = prepare(&folder).unwrap();
            assert_eq!(target.folder(), folder);
            let content = text(round);
            target.commit(&each(&content)).unwrap();
            assert_eq!(names(&folder), sorted());
            assert!(OUT.iter().all(|name| fs::read_to_string(folder.join(name)).unwrap() == round));
        }
    }

    #[test]
    fn nothing_appears_when_a_writer_fails() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("new/results");
        let fails = |out: &mut dyn Write| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        };
        let good = text("good");
        let mut contents = each(&good);
        contents[1] = &fails;
        let error = prepare(&folder).unwrap().commit(&contents).unwrap_err();
        assert!(error.to_string().contains(MODELS) && error.to_string().contains("disk full"), "{error}");
        assert_eq!(names(root.path()), Vec::<String>::new(), "the folders made for it are gone");
        // The same over existing files leaves them as they were.
        prepare(&folder).unwrap().commit(&each(&good)).unwrap();
        contents.swap(1, OUT.len() - 1);
        prepare(&folder).unwrap().commit(&contents).unwrap_err();
        assert_eq!(names(&folder), sorted());
        assert_eq!(fs::read_to_string(folder.join(STUDY)).unwrap(), "good");
    }

    #[test]
    fn a_failing_rename_takes_the_others_back() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(RESULT), "old").unwrap();
        let target = prepare(root.path()).unwrap();
        // Somebody puts a folder where the last file should go, after the check.
        let last = root.path().join(REFERENCES);
        fs::create_dir(&last).unwrap();
        fs::write(last.join("x"), "").unwrap();
        let new = text("new");
        target.commit(&each(&new)).unwrap_err();
        assert_eq!(names(root.path()), [REFERENCES, RESULT]);
        assert_eq!(fs::read_to_string(root.path().join(RESULT)).unwrap(), "old");
    }

    #[test]
    fn what_cannot_be_written_is_found_before_the_run() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        fs::create_dir(root.path().join(MODELS)).unwrap();
        assert!(prepare(&root.path().join("file/results")).is_err());
        assert!(prepare(&root.path().join("file")).is_err());
        assert!(prepare(root.path()).unwrap_err().to_string().contains(MODELS));
        assert!(prepare_file(&root.path().join("nowhere/x.json")).is_err());
        assert!(prepare_file(root.path()).is_err());
        assert!(prepare_file(&root.path().join("file")).is_ok());
    }

    #[test]
    fn an_abandoned_target_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        drop(prepare(&root.path().join("a/b")).unwrap());
        drop(prepare_file(&root.path().join("x.json")).unwrap());
        assert_eq!(names(root.path()), Vec::<String>::new());
        // But a folder that was there stays.
        fs::create_dir(root.path().join("a")).unwrap();
        drop(prepare(&root.path().join("a/b")).unwrap());
        assert_eq!(names(root.path()), ["a"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_stay_and_devices_are_written_to() {
        let root = tempfile::tempdir().unwrap();
        let (link, real) = (root.path().join("link.json"), root.path().join("real.json"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        prepare_file(&link).unwrap().commit(&[&text("new")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        // A device behind a link, so that a mistake here costs the link and not the machine's device.
        let sink = root.path().join("sink");
        std::os::unix::fs::symlink("/dev/null", &sink).unwrap();
        prepare_file(&sink).unwrap().commit(&[&text("gone")]).unwrap();
        assert!(fs::symlink_metadata(&sink).unwrap().is_symlink() && is_stream(&sink));
        assert_eq!(names(root.path()), ["link.json", "real.json", "sink"]);
    }

    #[test]
    #[cfg(unix)]
    fn one_run_at_a_time_writes_into_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("new");
        let first = prepare(&folder).unwrap();
        assert!(prepare(&folder).unwrap_err().to_string().contains("another run of haze"));
        // A single file next to them is nobody else's business.
        drop(prepare_file(&folder.join("x.json")).unwrap());
        let good = text("good");
        first.commit(&each(&good)).unwrap();
        assert_eq!(names(&folder), sorted());
        drop(prepare(&folder).unwrap());
    }

    #[test]
    #[cfg(unix)]
    fn readable_as_any_file() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let (path, usual) = (root.path().join("x.json"), root.path().join("usual"));
        prepare_file(&path).unwrap().commit(&[&text("{}")]).unwrap();
        fs::write(&usual, "").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&usual));
    }
}
