"""What a command of haze prints, and its JSON, both of one run. Python 3.11 without packages."""

import functools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@functools.cache
def both(program, *arguments):
    """Standard output and the document of `--json`, once for each command; files are named as seen from the root."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [program, *arguments, "--json", str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            sys.exit(f"haze {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout, json.loads(file.read_text(encoding="utf-8"))
