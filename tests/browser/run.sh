#!/bin/sh
# Makes report pages with the program and looks at them in a browser.
#
#     tests/browser/run.sh target/release/haze [FOLDER]     # FOLDER gets the pages and their screenshots
set -eu
program=$(realpath "$1")
pages=${2:-$(mktemp -d)}
mkdir -p "$pages"
pages=$(realpath "$pages")
cd "$(dirname "$0")"
npm install --no-package-lock --no-audit --no-fund --silent
python3 nasty.py > "$pages/nasty.csv"
printf 'models = ["%s"]\n[scope]\nboundary = "it"\n' "$(realpath ../../fixtures/open_weights.csv)" > "$pages/it.toml"
printf 'id,emissions_t\na,0\n' > "$pages/zero.csv"
report() { "$program" report "$@" --draws 4096 2>"$pages/log" >&2 || { cat "$pages/log" >&2; exit 1; }; }
report ../../fixtures/hub_models.csv -o "$pages/hub.html"
report "$pages/nasty.csv" --no-validation -o "$pages/nasty.html"
report "$pages/zero.csv" --no-validation -o "$pages/zero.html"
report ../../fixtures/open_weights.csv "$pages/it.toml" --no-validation -o "$pages/compare.html"
node negative.mjs
for page in hub nasty zero compare; do
    echo "== $page.html, $(wc -c < "$pages/$page.html") bytes"
    node report.mjs "$pages/$page.html" "$pages/$page"
done
node mutants.mjs "$pages/nasty.html"
