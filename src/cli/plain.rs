//! Plain mode: pages without colour and with ASCII in the place of what is drawn, for screen readers, logs and terminals
//! without Unicode. Every sign keeps its width, so that columns stay aligned; names from input stay as they are.

use std::sync::atomic::{AtomicBool, Ordering};

static PLAIN: AtomicBool = AtomicBool::new(false);

/// Pages are plain from now on if they are asked to be.
pub(super) fn set(asked: bool) {
    PLAIN.store(asked, Ordering::Relaxed);
}

pub(super) fn is_set() -> bool {
    PLAIN.load(Ordering::Relaxed)
}

/// A page as it is shown.
pub(super) fn page(text: String) -> String {
    if is_set() { text.chars().map(plain).collect() } else { text }
}

fn plain(c: char) -> char {
    match c {
        '▁' => '_',
        '▂' => '.',
        '▃' => ':',
        '▄' => '-',
        '▅' => '=',
        '▆' => '+',
        '▇' => '*',
        '█' => '#',
        '░' => '.',
        '├' | '┤' | '│' => '|',
        '─' | '–' | '−' => '-',
        '┼' => '+',
        '└' => '`',
        '±' => '~',
        '×' => 'x',
        '·' => ',',
        '²' => '2',
        '³' => '3',
        '…' => '.',
        '√' => 'V',
        '≥' => '>',
        '≤' => '<',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_keep_their_width() {
        let drawn = "169.8 ± 0.1  ████░░  ▁▂▃▄▅▆▇█  ├──┼──┤ − × ·";
        let shown: String = drawn.chars().map(plain).collect();
        assert!(shown.is_ascii() && shown.chars().count() == drawn.chars().count(), "{shown}");
        // Names stay.
        assert_eq!("模型/é".chars().map(plain).collect::<String>(), "模型/é");
    }
}
