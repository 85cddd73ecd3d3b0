"""Compiles every table and some figures of the program in a LaTeX document.

    python3 tests/peers/latex.py target/release/haze

Needs pdflatex with booktabs and siunitx (Debian: texlive-latex-recommended, texlive-science). One portfolio has names that
would be commands, and letters that pdfTeX has no font for. As a negative control the same name, not escaped, must stop it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ["headline", "sensitivity", "tiers", "contributors", "validation", "regressions", "priors", "ipcc"]
NAMES = [r"\input{/etc/passwd}", r"a & b_c % $d$ #1 ~^ {", "<script>alert(1)</script>", "=cmd()", "caf\u00e9 \u0105 \u767e\u5ddd \u202e \u05d0", "x" * 300, "[a]b--c"]
HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{array,booktabs,graphicx,longtable,siunitx}
\begin{document}
"""


def compiles(folder, body):
    (folder / "document.tex").write_text(HEAD + body + "\\end{document}\n", encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace")
    return done.returncode == 0, done.stdout


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
        (folder / "models.csv").write_text("id,parameters\n" + "".join(f"{name},7e9\n" for name in quoted), encoding="utf-8")
        body = ""
        for kind in KINDS:
            subprocess.run([program, "table", kind, "models.csv", "--draws", "2000", "-o", f"{kind}.tex"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
            body += f"\\input{{{kind}.tex}}\n\\clearpage\n"
        subprocess.run([program, "figure", "total", "models.csv", "--draws", "2000", "-o", "total.pdf"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        body += "\\includegraphics{total.pdf}\n"
        fine, log = compiles(folder, body)
        if not fine:
            sys.exit(log[-3000:])
        wide = [line for line in log.splitlines() if line.startswith("Overfull \\hbox") and float(line.split("(")[1].split("pt")[0]) > 20]
        if wide:
            sys.exit("wider than the page:\n" + "\n".join(wide[:5]))
        broken, _ = compiles(folder, r"a & b_c" + "\n")
        if broken:
            sys.exit("a name that is not escaped compiles: this test sees nothing")
        print(f"{len(KINDS)} tables and a figure compile")


if __name__ == "__main__":
    main()
