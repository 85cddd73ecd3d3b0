//! Which files are read and written: inputs are spared, outputs keep apart, what a run leaves behind is the same run,
//! and what cannot be read or written is refused before anything is drawn.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::{MODELS, comparable, errors, fed, folder, names, outcome, printed};

const GRID: &str = "100\n200\n300\n";
const NAMES_A_FILE: &str = "id,compute_flop,grid_g_per_kwh\na,1e22,empirical(grid.txt)\n";
const RUNS: &str = "model,gpu_hours,energy_kwh\na,1000,400\n";

/// The command is refused with these words, and every file in the folder stays as it is.
fn refused(dir: &Path, args: &[&str], words: &[&str]) {
    let content = |name: &String| std::fs::read(dir.join(name)).ok();
    let before: Vec<_> = names(dir).iter().map(|name| (name.clone(), content(name))).collect();
    let output = outcome(dir, args);
    let told = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    for word in words {
        assert!(told.contains(word), "{args:?}: no {word:?} in {told}");
    }
    let after: Vec<_> = names(dir).iter().map(|name| (name.clone(), content(name))).collect();
    assert!(before == after, "{args:?} changed a file");
}

#[test]
fn every_file_that_was_read_is_spared() {
    let study = "models = [\"named.csv\"]\n[imputation]\ncompute = \"regression\"\nfits = \"fits.toml\"\n\
                 [priors.grid]\nunknown = \"mixture(0.5: 400, 0.5: empirical(\\\"grid.txt\\\"))\"\n";
    let dir = folder(&[
        ("named.csv", NAMES_A_FILE),
        ("grid.txt", GRID),
        ("study.toml", study),
        ("other.csv", "id,compute_flop\nb,1e20\n"),
        ("matches.csv", "id,epoch_model\na,b\n"),
        ("runs.csv", RUNS),
    ]);
    let dir = dir.path();
    let fixture = format!("{}/fixtures/open_weights.csv", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(dir.join("fits.toml"), printed(dir, &["fit", &fixture, "--coefficients"])).unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["run", "named.csv"], &["named.csv", "grid.txt", "./grid.txt"]),
        (&["run", "study.toml"], &["study.toml", "named.csv", "grid.txt", "fits.toml"]),
        (&["atci", "named.csv"], &["named.csv", "grid.txt"]),
        (&["sensitivity", "named.csv"], &["named.csv", "grid.txt"]),
        (&["sensitivity", "study.toml", "--sample"], &["fits.toml", "grid.txt"]),
        (&["fit", "named.csv"], &["named.csv", "grid.txt"]),
        (
            &["coverage", "study.toml", "--other", "other.csv", "--matches", "matches.csv"],
            &["grid.txt", "fits.toml", "other.csv", "matches.csv"],
        ),
        (&["validate", "runs.csv", "--masked-sum", "named.csv"], &["runs.csv", "named.csv", "grid.txt"]),
    ];
    for (command, files) in cases {
        for file in *files {
            refused(dir, &[*command, &["--json", file]].concat(), &["is an input of this run"]);
        }
    }
    // Through a link as well.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("grid.txt", dir.join("link.txt")).unwrap();
        refused(dir, &["run", "named.csv", "--json", "link.txt"], &["grid.txt is an input of this run"]);
    }
    // Negative control.
    assert!(outcome(dir, &["run", "named.csv", "--draws", "100", "--json", "new.json"]).status.success());
}

#[test]
fn a_study_that_a_run_wrote_is_spared_unless_it_stays_as_it_is() {
    let dir = folder(&[("models.csv", MODELS)]);
    let dir = dir.path();
    printed(dir, &["run", "models.csv", "--draws", "500", "--out", "out", "--quiet"]);
    let written = std::fs::read(dir.join("out/study.toml")).unwrap();
    refused(dir, &["run", "out/study.toml", "--json", "out/study.toml"], &["out/study.toml is an input of this run"]);
    refused(dir, &["run", "out/study.toml", "--seed", "3", "--out", "out"], &["out/study.toml is an input"]);
    printed(dir, &["run", "out/study.toml", "--out", "out", "--quiet"]);
    assert_eq!(std::fs::read(dir.join("out/study.toml")).unwrap(), written);
    // What somebody has written into it would be lost.
    std::fs::write(dir.join("out/study.toml"), [&written[..], b"# my note\n"].concat()).unwrap();
    refused(dir, &["run", "out/study.toml", "--out", "out"], &["out/study.toml is an input of this run"]);
}

#[test]
fn the_outputs_of_a_command_keep_apart() {
    let dir = folder(&[("in.csv", MODELS)]);
    let dir = dir.path();
    for file in ["models.csv", "groups.csv", "result.json", "study.toml", "../out/study.toml"] {
        refused(dir, &["run", "in.csv", "--out", "out", "--json", &format!("out/{file}")], &["two outputs"]);
    }
    refused(dir, &["run", "in.csv", "--out", "out", "--json", "out"], &["this is a folder"]);
    // Negative control: another name in the same folder, which does not exist yet.
    printed(dir, &["run", "in.csv", "--draws", "100", "--out", "out", "--json", "out/more.json", "--quiet"]);
    assert_eq!(names(&dir.join("out")), crate::written_and("more.json"));
}

/// The JSON of a run, without what may differ between two runs.
fn bytes(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    comparable(&serde_json::from_slice::<Value>(&output.stdout).unwrap())
}

/// Runs the study in `out/` that a run has left, wherever one stands; both results have the same bytes.
fn same_again(dir: &Path, args: &[&str], input: &str) {
    let first = fed(dir, &[&["run"], args, &["--out", "out", "--json", "-"]].concat(), input);
    let first = bytes(&first);
    for (folder, study) in [(dir.to_path_buf(), "out/study.toml"), (dir.join("out"), "study.toml")] {
        let again = fed(&folder, &["run", study, "--json", "-"], input);
        assert!(bytes(&again) == first, "{args:?}: another run from {study}");
    }
}

#[test]
fn the_study_that_a_run_leaves_is_the_same_run() {
    let priors = |name: &str| {
        format!(
            "models = [\"../data/plain.csv\"]\ndraws = 300\n[priors.grid]\nunknown = '''\
             mixture(0.3: 400, 0.4: empirical({name}), 0.3: empirical( \"far/b, c (d).txt\" ))'''\n"
        )
    };
    let dir = folder(&[]);
    let dir = dir.path();
    for name in ["data", "study/far", "else"] {
        std::fs::create_dir_all(dir.join(name)).unwrap();
    }
    let files = [
        ("data/plain.csv", "id,compute_flop,\"a \"\"b\"\"\"\nx,1e22,1\ny,2e22,2\n".to_string()),
        ("data/named.csv", NAMES_A_FILE.to_string()),
        ("data/grid.txt", GRID.to_string()),
        ("study/grid.txt", "700\n800\n".to_string()),
        ("study/far/b, c (d).txt", "20\n40\n".to_string()),
        ("study/quoted.toml", priors("\"grid.txt\"")),
        ("study/bare.toml", priors("grid.txt")),
        (
            "study/keys.toml",
            "models = [\"../data/plain.csv\"]\ndraws = 300\n[groups]\nby = 'a \"b\"'\n[[shared]]\nfactor = \"grid\"\n\
             gsd = 1.3\nby = ['a \"b\"']\n[priors.'pue']\n\"unknown\" = \"uniform(1.1, 1.6)\"\n"
                .to_string(),
        ),
        ("study/input.toml", "models = [\"-\", \"../data/named.csv\"]\ndraws = 300\n".to_string()),
    ];
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    for study in ["study/quoted.toml", "study/bare.toml", "study/keys.toml", "data/named.csv"] {
        same_again(dir, &[study, "--draws", "250", "--seed", "9", "--water"], "");
    }
    // Standard input, which is in no folder, is given again.
    same_again(dir, &["study/input.toml"], MODELS.replace("\na,", "\nz,").as_str());
    same_again(dir, &["-", "--draws", "300"], MODELS);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        same_again(dir, &["/dev/stdin", "--draws", "300"], MODELS);
        // A file that a cell names lies where the models file was found: a thousandth of what lies where the link leads.
        symlink("../data/named.csv", dir.join("else/link.csv")).unwrap();
        std::fs::write(dir.join("else/grid.txt"), "0.1\n0.2\n0.3\n").unwrap();
        symlink("else", dir.join("alias")).unwrap();
        for file in ["else/link.csv", "alias/link.csv", "data/named.csv"] {
            same_again(dir, &[file, "--draws", "300"], "");
        }
        // The folder of the results is a link, too.
        std::fs::remove_dir_all(dir.join("out")).unwrap();
        std::fs::create_dir_all(dir.join("far/away")).unwrap();
        symlink("far/away", dir.join("out")).unwrap();
        for file in ["alias/link.csv", "study/quoted.toml"] {
            same_again(dir, &[file, "--draws", "300"], "");
        }
    }
}

#[cfg(unix)]
mod before_the_run {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;
    use crate::haze;

    /// So many draws that the run would be felt, and would not fit into any memory.
    const MANY: [&str; 2] = ["--draws", "2000000000"];

    #[test]
    fn what_a_study_cannot_name_is_refused() {
        let dir = folder(&[("models.csv", MODELS)]);
        let odd = OsStr::from_bytes(b"m\xe9.csv");
        std::fs::copy(dir.path().join("models.csv"), dir.path().join(odd)).unwrap();
        let output = haze(dir.path()).arg("run").arg(odd).args(MANY).args(["--out", "out"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains("not UTF-8; rename it"), "{}", errors(&output));
        assert!(!dir.path().join("out").exists());
        // Without a study nothing has to name it, and an output may have such a name.
        let json = OsStr::from_bytes(b"j\xe9.json");
        let plain = haze(dir.path()).arg("run").arg(odd).args(["--draws", "100", "--json"]).arg(json).output().unwrap();
        assert!(plain.status.success() && dir.path().join(json).is_file(), "{}", errors(&plain));
        // Two pipes would be the same standard input.
        let study = "models = [\"-\", \"/dev/fd/3\"]\n";
        std::fs::write(dir.path().join("study.toml"), study).unwrap();
        let two = "exec \"$0\" run study.toml --draws 2000000000 --out out 3<one.csv";
        std::fs::write(dir.path().join("one.csv"), "id,compute_flop\nz,1e20\n").unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", two, env!("CARGO_BIN_EXE_haze")]).current_dir(dir.path());
        let output = shell.stdin(std::fs::File::open(dir.path().join("models.csv")).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains("it is the second pipe"), "{}", errors(&output));
    }

    fn fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_is_read_once_and_written_to_if_there_is_a_reader() {
        let dir = folder(&[("models.csv", MODELS)]);
        for name in ["study.toml", "result.json"] {
            fifo(&dir.path().join(name));
        }
        let (study, pipe) = (dir.path().join("study.toml"), dir.path().join("result.json"));
        let writer = std::thread::spawn(move || std::fs::write(study, "models = [\"models.csv\"]\ndraws = 100\n"));
        let reader = std::thread::spawn(move || std::fs::read_to_string(pipe));
        printed(dir.path(), &["run", "study.toml", "--json", "result.json", "--out", "out", "--quiet"]);
        writer.join().unwrap().unwrap();
        let read = reader.join().unwrap().unwrap();
        assert_eq!(read, std::fs::read_to_string(dir.path().join("out/result.json")).unwrap());
        // Without a reader it is refused before the draws.
        let output = outcome(dir.path(), &[&["run", "models.csv", "--json", "result.json"][..], &MANY].concat());
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains("nobody reads from this pipe; start its reader first"), "{}", errors(&output));
    }

    #[test]
    fn a_failure_to_write_is_told_once() {
        if !cfg!(target_os = "linux") {
            return;
        }
        let dir = folder(&[("models.csv", MODELS)]);
        std::fs::create_dir(dir.path().join("out")).unwrap();
        symlink("/dev/full", dir.path().join("out/models.csv")).unwrap();
        for args in [["--json", "/dev/full"], ["--out", "out"]] {
            let output =
                outcome(dir.path(), &[&["run", "models.csv", "--draws", "100", "--quiet"], &args[..]].concat());
            assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
            assert_eq!(errors(&output).matches("No space left").count(), 1, "{}", errors(&output));
        }
        assert_eq!(names(&dir.path().join("out")), ["models.csv"], "the other files are not put in place");
    }

    /// Files without an end and files that are too large, each at every place where a file is read.
    #[test]
    fn nothing_is_read_without_an_end() {
        let dir = folder(&[("models.csv", MODELS), ("runs.csv", RUNS)]);
        for name in ["large.csv", "large.toml", "large.txt"] {
            std::fs::File::create(dir.path().join(name)).unwrap().set_len(5 << 30).unwrap();
        }
        let cell = |file: &str| format!("id,compute_flop,grid_g_per_kwh\na,1e20,empirical({file})\n");
        std::fs::write(dir.path().join("cell.csv"), cell("large.txt")).unwrap();
        std::fs::write(dir.path().join("device.csv"), cell("/dev/zero")).unwrap();
        let fits = "models = [\"models.csv\"]\n[imputation]\ncompute = \"regression\"\nfits = \"large.txt\"\n";
        std::fs::write(dir.path().join("fits.toml"), fits).unwrap();
        symlink("/dev/zero", dir.path().join("zero.toml")).unwrap();
        let join = ["coverage", "models.csv", "--other", "models.csv", "--matches"];
        let cases: &[(&[&str], &str)] = &[
            (&["run", "large.csv"], "larger than 4096 MiB"),
            (&["check", "large.csv"], "larger than 4096 MiB"),
            (&["run", "large.toml"], "larger than 32 MiB"),
            (&["priors", "large.toml"], "larger than 32 MiB"),
            (
                &["run", "cell.csv"],
                "cell.csv:2: grid_g_per_kwh: \"empirical(large.txt)\": large.txt: this is larger than",
            ),
            (&["run", "fits.toml"], "fits.toml:4: imputation.fits: \"large.txt\": this is larger than 32 MiB"),
            (&["validate", "large.csv"], "larger than 4096 MiB"),
            (&["validate", "runs.csv", "--masked-sum", "large.csv"], "larger than 4096 MiB"),
            (&[&join[..], &["large.csv"]].concat(), "larger than 4096 MiB"),
            (&["run", "/dev/zero"], "this is a device"),
            (&["run", "zero.toml"], "this is a device"),
            (&["run", "device.csv"], "this is a device"),
            (&["validate", "/dev/zero"], "this is a device"),
            (&[&join[..], &["/dev/zero"]].concat(), "this is a device"),
            (&["validate", "."], "this is a folder"),
            (&[&join[..], &["."]].concat(), "this is a folder"),
        ];
        for (args, word) in cases {
            // Less memory than the file has.
            let limited = "ulimit -v 4000000 && exec \"$0\" \"$@\"";
            let mut shell = Command::new("sh");
            let output =
                shell.args(["-c", limited, env!("CARGO_BIN_EXE_haze")]).args(*args).current_dir(dir.path()).output();
            let output = output.unwrap();
            assert_eq!(output.status.code(), Some(2), "{args:?}: {}", errors(&output));
            assert!(errors(&output).contains(word), "{args:?}: {}", errors(&output));
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn draws_beyond_the_memory_are_refused_with_what_they_need() {
        let dir = folder(&[("models.csv", MODELS)]);
        // Five totals and two more while they are sorted, 8 bytes a draw: 1.1 GB and 168 MB, and a little per thread.
        for (draws, limit, unit) in [("20000000", "500000", " GB"), ("3000000", "150000", " MB")] {
            let command =
                "ulimit -v \"$2\" && exec \"$0\" run models.csv --quiet --threads 1 --backend cpu --draws \"$1\"";
            let mut shell = Command::new("sh");
            shell.args(["-c", command, env!("CARGO_BIN_EXE_haze"), draws, limit]).current_dir(dir.path());
            let output = shell.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
            let told = errors(&output);
            assert!(told.contains(&format!("{draws} draws need 1")), "{told}");
            assert!(told.contains(&format!("{unit} of memory, ")) && told.contains("use fewer draws"), "{told}");
        }
    }
}

#[test]
fn compressed_files_are_recognised_wherever_they_are_read() {
    let dir = folder(&[("runs.csv", RUNS), ("models.csv", MODELS)]);
    // What gzip makes of an empty file: tables are unpacked, other files are refused.
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    for name in ["packed.toml", "packed.txt", "gzipped.csv"] {
        std::fs::write(dir.path().join(name), packed).unwrap();
    }
    std::fs::write(dir.path().join("packed.csv"), b"\xfd7zXZ\x00\x00\x04").unwrap();
    std::fs::write(dir.path().join("cell.csv"), NAMES_A_FILE.replace("grid.txt", "packed.txt")).unwrap();
    for args in [
        &["run", "packed.csv"][..],
        &["run", "packed.toml"],
        &["run", "cell.csv"],
        &["validate", "packed.csv"],
        &["coverage", "models.csv", "--other", "models.csv", "--matches", "packed.csv"],
    ] {
        let with =
            if args.contains(&"packed.csv") { "(xz); unpack it first, with unxz" } else { "(gzip); unpack it first" };
        refused(dir.path(), args, &["compressed", with]);
    }
    refused(dir.path(), &["run", "gzipped.csv"], &["the file is empty"]);
}

#[test]
fn long_values_are_cut() {
    let long = "x".repeat(1_000_000);
    let cases = [
        ("b.csv", format!("id,compute_flop\na,{long}\n")),
        ("b.csv", format!("id,{long}\na,1\n")),
        ("b.csv", format!("id,compute_flop,{long}_kwh\na,1e20,7\n")),
        ("b.csv", format!("id,compute_flop\n{long},1e20\n{long},1e20\n")),
        ("b.csv", format!("id,compute_flop,grid_g_per_kwh\na,1e20,empirical({long})\n")),
        ("b.csv", format!("id,gpu_hours,hardware,region,base_model,source\na,1,{long},{long},{long},{long}\n")),
        ("b.toml", format!("models = [\"{long}\"]\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n{long} = 1\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n{long}\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[priors.{long}]\na = 1\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[priors.grid]\nunknown = \"{long}\"\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[priors.grid]\nunknown = \"empirical({long})\"\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[priors]\ngrid = \"{long}\"\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[groups]\nby = \"{long}\"\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[scope]\nrun = \"{long}\"\n")),
        ("b.toml", format!("models = [\"m.csv\"]\n[imputation]\ncompute = \"regression\"\nfits = \"{long}\"\n")),
    ];
    for (name, text) in cases {
        let dir = folder(&[("m.csv", MODELS), (name, &text)]);
        let output = outcome(dir.path(), &["check", name]);
        let told = errors(&output).len() + output.stdout.len();
        assert!(told < 5000, "{told} bytes for {}", &text[..60]);
    }
}

/// Comparing each name with all before it, or counting the lines before it, would take four times as long.
#[test]
fn twice_as_many_files_take_twice_as_long() {
    let seconds = |n: usize| {
        let names: Vec<String> = (0..n).map(|i| format!("\"no{i}.csv\"")).collect();
        let dir = folder(&[("study.toml", &format!("models = [\n{}\n]\n", names.join(",\n")))]);
        let tries = (0..3).map(|_| {
            let start = std::time::Instant::now();
            let told = errors(&outcome(dir.path(), &["check", "study.toml"]));
            assert!(told.contains(&format!("study.toml:{}: models: \"no{}.csv\"", n + 1, n - 1)));
            assert!(told.ends_with(&format!("{n} problems\n")));
            start.elapsed().as_secs_f64()
        });
        tries.fold(f64::INFINITY, f64::min)
    };
    let (once, twice) = (seconds(30_000), seconds(60_000));
    assert!(twice < 3.5 * once, "{once} s, then {twice} s");
}

#[cfg(unix)]
mod two_runs {
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;
    use crate::haze;

    #[test]
    fn a_second_run_into_a_folder_is_refused_while_the_first_is_under_way() {
        let rows: String =
            (0..2000).map(|k| format!("m{k},\"lognormal(1e23, 1.5)\",fixed(1e11),fixed(1.1),400\n")).collect();
        let long = format!("id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n{rows}");
        let dir = folder(&[("long.csv", &long), ("models.csv", MODELS)]);
        let dir = dir.path();
        for signal in ["-TERM", "-HUP"] {
            let mut first = haze(dir)
                .args([
                    "run",
                    "long.csv",
                    "--draws",
                    "50000000",
                    "--backend",
                    "cpu",
                    "--threads",
                    "1",
                    "--out",
                    "new/out",
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            while !dir.join("new/out").exists() {
                assert!(first.try_wait().unwrap().is_none(), "the run is over before it began");
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(200));
            let words = ["another run of haze writes into this folder", "wait until that run has ended"];
            refused(dir, &["run", "models.csv", "--draws", "100", "--out", "new/out"], &words);
            // A run that is ended leaves nothing, whoever ended it.
            let sent = std::process::Command::new("kill").args([signal, &first.id().to_string()]).status().unwrap();
            assert!(sent.success());
            let output = first.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(130), "{signal}: {}", errors(&output));
            assert_eq!(names(dir), ["long.csv", "models.csv"], "{signal}");
        }
        printed(dir, &["run", "models.csv", "--draws", "100", "--out", "new/out", "--quiet"]);
        assert_eq!(names(&dir.join("new/out")), crate::WRITTEN);
    }

    /// Whoever wins, the files are of one run.
    #[test]
    fn runs_at_the_same_time_are_never_mixed() {
        let dir = folder(&[("models.csv", MODELS)]);
        let dir = dir.path();
        for round in 0..10 {
            let runs: Vec<_> = (1..=3)
                .map(|seed| {
                    let seed = (10 * round + seed).to_string();
                    let args = ["run", "models.csv", "--draws", "500", "--out", "out", "--quiet", "--seed", &seed];
                    haze(dir).args(args).stderr(Stdio::piped()).spawn().unwrap()
                })
                .collect();
            for run in runs {
                let output = run.wait_with_output().unwrap();
                let told = errors(&output);
                assert!(output.status.success() || told.contains("another run of haze"), "{told}");
            }
            let read = |name: &str| std::fs::read_to_string(dir.join("out").join(name)).unwrap();
            let seed = serde_json::from_str::<Value>(&read("result.json")).unwrap()["seed"].to_string();
            assert!(read("study.toml").contains(&format!("seed = {seed}\n")));
            printed(dir, &["run", "models.csv", "--draws", "500", "--out", "alone", "--quiet", "--seed", &seed]);
            assert_eq!(read("models.csv"), std::fs::read_to_string(dir.join("alone/models.csv")).unwrap());
        }
    }
}
