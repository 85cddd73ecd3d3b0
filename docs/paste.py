"""Puts what the program prints into the README and pages of docs/, or checks that it stands there.

    python3 docs/paste.py target/release/haze           # writes the pages and the pictures anew
    python3 docs/paste.py target/release/haze --check   # fails if they are not what the program gives

Results are the same bytes on every machine, so a page that disagrees with the program is a mistake in one of them.
Marks in the pages, each on a line of its own before the block it is about:

    <!-- file NAME -->           the block is a file, which the commands below can read
    <!-- haze ARGUMENTS -->      the block is what this command prints on standard output
    <!-- decomposition FILE -->  the table, up to an empty line, is the first of docs/decomposition.py
    <!-- alternatives FILE -->   the same of its second
    <!-- coverage NAME -->       a table of docs/coverage_tables.py
    <!-- totals FILE FILE … -->  the table of docs/totals.py

Python 3.11 without packages.
"""

import concurrent.futures
import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import calibration_picture
import coverage_tables
import decomposition
import printed
import result_picture
import totals

ROOT = Path(__file__).resolve().parent.parent
BLOCK = r"```\w*\n.*?^```\n|\|.*?\n(?=\n)"
MARK = re.compile(rf"<!-- (file|haze|decomposition|alternatives|coverage|totals) (.+?) -->\n+({BLOCK})", re.DOTALL | re.MULTILINE)
# In this order: a file that one page gives can be read by the commands of the pages after it.
PAGES = [
    "README.md",
    "docs/study.md",
    "docs/coverage.md",
    "docs/forms.md",
    "docs/gauge.md",
    "docs/hugging-carbon.md",
    "docs/lineage.md",
    "docs/regressions.md",
    "docs/validation.md",
]
# Commands whose JSON is drawn as well.
RESULT = "run fixtures/hub_models.csv"
VALIDATION = "validate fixtures/reported_training_emissions.csv"
WHOLE = [RESULT, VALIDATION]


def haze(program, folder, arguments):
    command = [program, *arguments]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(f"haze {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def fresh(program, folder, mark):
    """The marked block as it should be."""
    kind, what, block = mark.groups()
    head = mark.group(0)[: -len(block)]
    if kind == "file":
        (folder / what).write_text(block.split("\n", 1)[1].removesuffix("```\n"), encoding="utf-8")
        return mark.group(0)
    if kind == "haze" and what in WHOLE:
        return f"{head}```text\n{printed.both(program, *what.split())[0]}```\n"
    if kind == "haze":
        return f"{head}```text\n{haze(program, folder, what.split())}```\n"
    if kind == "coverage":
        return head + coverage_tables.made(program, what)
    if kind == "totals":
        table = io.StringIO()
        with contextlib.redirect_stdout(table):
            totals.totals(program, what.split())
        return head + table.getvalue()
    table = io.StringIO()
    with contextlib.redirect_stdout(table):
        table_of = decomposition.decomposition if kind == "decomposition" else decomposition.alternatives
        table_of(program, folder / what)
    return head + table.getvalue()


def filled(program, folder, texts):
    """The pages with every marked block anew. Files come first. What one command prints and what the scripts here make of
    several go on at the same time: either is the work of one core for most of it."""
    marks = [mark for text in texts for mark in MARK.finditer(text)]
    kinds = {False: [], True: []}
    for mark in marks:
        if mark.group(1) == "file":
            fresh(program, folder, mark)
        else:
            kinds[mark.group(1) == "haze"].append(mark)
    made = {}
    def make(of):
        for mark in of:
            made[mark.group(0)] = fresh(program, folder, mark)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(make, of) for of in kinds.values()]:
            done.result()
    return [MARK.sub(lambda mark: made.get(mark.group(0), mark.group(0)), text) for text in texts]


def main(program, check):
    program = str(Path(program).resolve())
    pages = [ROOT / page for page in PAGES]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fixtures").symlink_to(ROOT / "fixtures")
        texts = filled(program, folder, [page.read_text(encoding="utf-8") for page in pages])
    document = lambda command: printed.both(program, *command.split())[1]
    pictures = [
        (ROOT / "docs/result.svg", result_picture.picture(document(RESULT))),
        (ROOT / "docs/calibration.svg", calibration_picture.picture(document(VALIDATION))),
    ]
    wrong = []
    for path, new in [*zip(pages, texts), *pictures]:
        if not path.exists() or path.read_text(encoding="utf-8") != new:
            wrong.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    if check and wrong:
        sys.exit(f"not what the program gives: {', '.join(wrong)}; run docs/paste.py without --check and look at the diff")
    print(f"{'written: ' + ', '.join(wrong) if wrong else 'as the program gives it'}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--check"]):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:] == ["--check"])
