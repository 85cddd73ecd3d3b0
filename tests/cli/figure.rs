//! `haze figure`: formats by the name's ending, all kinds in a folder, the same bytes again, bad input.

use std::fs;

use crate::{STUDY, errors, folder, names, outcome, printed};

const MODELS: &str = "\
id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,region,date,base_model,relation
a,\"lognormal(1e23, 1.5)\",\"lognormal(2e11, 1.3)\",\"shifted(1, lognormal(0.2, 1.3))\",\"lognormal(400, 1.2)\",X,2022,,
b,1e22 to 4e22,fixed(3e11),\"uniform(1.1, 1.3)\",\"triangular(100, 200, 500)\",Y,2023,a,finetune
<script>c,3e22 ± 3e21,fixed(1e11),fixed(1.1),\"lognormal(50, 1.2)\",X,2024,,
";

#[test]
fn the_ending_is_the_format() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let at = |name: &str| dir.path().join(name);
    for (name, magic) in [("f.svg", &b"<svg "[..]), ("f.pdf", b"%PDF"), ("f.PNG", b"\x89PNG\r\n")] {
        let before = printed(dir.path(), &["figure", "total", "study.toml", "-o", name, "--quiet"]);
        assert_eq!(before, "");
        assert!(fs::read(at(name)).unwrap().starts_with(magic), "{name}");
    }
    let svg = fs::read_to_string(at("f.svg")).unwrap();
    assert!(svg.contains("width=\"89mm\"") && svg.contains("As modelled") && !svg.contains("<text"), "{svg}");
    // Seed and level of the study; the command line goes before it.
    assert!(svg.contains("90 % credible interval"));
    printed(dir.path(), &["figure", "total", "study.toml", "-o", "g.svg", "--interval", "0.8", "--width", "page"]);
    let page = fs::read_to_string(at("g.svg")).unwrap();
    assert!(page.contains("80 % credible interval") && page.contains("width=\"183mm\""));
}

#[test]
fn all_kinds_whole_and_the_same_again() {
    let dir = folder(&[("models.csv", MODELS)]);
    let drawn = |to: &str, threads: &str| {
        let args =
            ["figure", "all", "models.csv", "-o", to, "--draws", "1000", "--backend", "cpu", "--threads", threads];
        let output = outcome(dir.path(), &args);
        assert!(output.status.success(), "{}", errors(&output));
        (names(&dir.path().join(to)), errors(&output))
    };
    let ((found, said), (again, _)) = (drawn("one", "1"), drawn("deep/two", "2"));
    assert!(found == again && found.len() == 27 && !said.contains("no figure"), "{found:?} {said}");
    for name in &found {
        let [a, b] = ["one", "deep/two"].map(|to| fs::read(dir.path().join(to).join(name)).unwrap());
        assert!(a == b, "{name}");
        assert!(!a.windows(7).any(|w| w == b"<script"), "{name}");
    }
    // Without dates and bases there are fewer.
    let dir = folder(&[("m.csv", "id,parameters\na,1e9\n")]);
    let output = outcome(dir.path(), &["figure", "all", "m.csv", "-o", "out", "--draws", "1000"]);
    assert!(errors(&output).contains("no figure trend") && errors(&output).contains("no figure lineage"));
    assert_eq!(names(&dir.path().join("out")).len(), 21);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let dir =
        folder(&[("models.csv", MODELS), ("bad.csv", "id,tokens\na,many\n"), ("bare.csv", "id,parameters\na,1e9\n")]);
    let cases: [(&[&str], &str); 9] = [
        (&["total", "models.csv", "-o", "f.jpg"], "ends in .svg, .pdf or .png"),
        (&["total", "models.csv", "-o", "f"], "ends in .svg, .pdf or .png"),
        (&["total", "models.csv", "-o", "f.svg", "--dpi", "300"], "--dpi is for PNG"),
        (&["total", "models.csv", "-o", "f.svg", "--root", "a"], "--root is for"),
        (&["total", "bad.csv", "-o", "f.svg"], "many"),
        (&["total", "models.csv", "-o", "nowhere/f.svg"], "no such folder"),
        (&["trend", "bare.csv", "-o", "f.svg"], "no row has a year"),
        (&["lineage", "bare.csv", "-o", "f.svg"], "base_model"),
        (&["lineage", "models.csv", "-o", "f.svg", "--root", "zzz"], "zzz"),
    ];
    let before = names(dir.path());
    for (args, word) in cases {
        let output = outcome(dir.path(), &[&["figure"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(errors(&output).contains(word), "{args:?}: {}", errors(&output));
        assert_eq!(names(dir.path()), before, "{args:?}");
    }
    let output = outcome(dir.path(), &["figure", "total", "models.csv", "-o", "models.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(dir.path().join("models.csv")).unwrap(), MODELS);
}

#[test]
fn help_says_what_there_is() {
    let dir = folder(&[]);
    let text = printed(dir.path(), &["figure", "--help"]);
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    for word in
        ["total", "calibration", "--width", "--dpi", "--draws", "--seed", "--interval", "--backend", "docs/figures.md"]
    {
        assert!(text.contains(word), "{word}");
    }
}
