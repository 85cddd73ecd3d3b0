#!/bin/sh
# The documentation as a site in target/site, with a report page and figures made from the fixtures.
#
#     docs/site.sh target/release/haze        # needs mdBook: cargo install mdbook --locked
#
# Links to files outside docs/ lead to the repository.
set -eu
program=$(realpath "$1")
cd "$(dirname "$0")/.."
mdbook build docs
"$program" report fixtures/hub_models.csv --draws 65536 -o target/site/example.html
"$program" figure all fixtures/hub_models.csv --draws 65536 -o target/site/figures
# Pages name files of the repository by paths that lead out of docs/.
find target/site -name '*.html' -not -name example.html -exec sed -i \
    -e 's#href="\.\./\([^"]*\)"#href="https://github.com/carbonhaze/carbonhaze/blob/main/\1"#g' {} +
echo "target/site/index.html"
