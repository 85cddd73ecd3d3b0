"""The API page, from the docstrings of the package.

    python python/docs/api.py           # writes docs/python-api.md
    python python/docs/api.py --check   # fails if it is not what the docstrings give

Python 3.10 or newer, with the package installed.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import carbonhaze as ch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python-api.md"
HEAD = """# Python API

Every function and class of the package `carbonhaze`, from its docstrings (`python python/docs/api.py`). How they go together:
[python.md](python.md).
"""
SECTIONS: list[tuple[str, list[Any]]] = [
    ("Running", [ch.run, ch.Study, ch.merge, ch.diff]),
    ("Results", [ch.Result, ch.Total, ch.Estimate, ch.Mcse, ch.Table, ch.Plot, ch.Figure]),
    ("Other commands", [ch.check, ch.explain, ch.sensitivity, ch.lineage, ch.coverage, ch.validate, ch.export, ch.import_]),
    ("What they give", [ch.Document, ch.Lineage, ch.Check, ch.Explanation, ch.Imported]),
    (
        "Measuring",
        [
            ch.track, ch.Track, ch.TrackRecord, ch.TrackEnergy, ch.TrackDevice, ch.track_summary, ch.TrackSummary,
            ch.transformers.TrackCallback,
        ],
    ),
    ("Clusters", [ch.ray.run, ch.dask.run]),
    (
        "Distributions",
        [
            ch.Distribution, ch.fixed, ch.lognormal, ch.between, ch.normal, ch.uniform, ch.loguniform, ch.triangular, ch.pert,
            ch.beta, ch.gamma, ch.logitnormal, ch.shifted, ch.truncated, ch.mixture, ch.empirical,
        ],
    ),
    ("Problems", [ch.InputError, ch.InputWarning, ch.RunError, ch.Problem]),
]
#: Headings of a docstring's parts.
PART = re.compile(r"^(\w+)\n-+$", re.MULTILINE)


def name_of(thing: Any) -> str:
    module = thing.__module__
    return f"ch.{thing.__name__}" if module.startswith("carbonhaze._") else f"{module.replace('carbonhaze', 'ch')}.{thing.__name__}"


def signature(thing: Any, name: str) -> str:
    """As it is written, without the types of what is bound, a parameter a line where it is long."""
    found = inspect.signature(thing)
    parameters = [p for p in found.parameters.values() if p.name != "self"]
    texts = [parameter(p) for p in parameters]
    keyword = next((i for i, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
    if keyword is not None and all(p.kind is not p.VAR_POSITIONAL for p in parameters):
        texts.insert(keyword, "*")
    gives = "" if isinstance(thing, type) or found.return_annotation is inspect.Signature.empty else f" -> {found.return_annotation}"
    line = f"{name}({', '.join(texts)}){gives}"
    if len(line) <= 110:
        return line
    return f"{name}(\n" + "".join(f"    {text},\n" for text in texts) + f"){gives}"


def parameter(p: inspect.Parameter) -> str:
    """Name, type and default, as they are written."""
    kind = "" if p.annotation is inspect.Parameter.empty else f": {p.annotation}"
    default = "" if p.default is inspect.Parameter.empty else f" = {p.default!r}"
    stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
    return f"{stars}{p.name}{kind}{default}"


def prose(docstring: str | None) -> str:
    """A docstring as Markdown: its parts as bold words, parameters as a list, examples as code."""
    text = inspect.cleandoc(docstring or "")
    pieces = PART.split(text)
    out = [paragraph(pieces[0])]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        body = body.strip("\n")
        if title == "Examples":
            out.append(f"**{title}**\n\n```python\n{body}\n```")
        elif title in ("Notes",):
            out.append(f"**{title}.** {paragraph(body)}")
        else:
            out.append(f"**{title}**\n\n{listed(body)}")
    return "\n\n".join(part for part in out if part)


def paragraph(text: str) -> str:
    """Code between double backticks as Markdown has it; examples as a block."""
    text = text.strip()
    match = re.search(r"(^>>> .*)", text, re.MULTILINE | re.DOTALL)
    code = ""
    if match:
        text, code = text[: match.start()].strip(), f"\n\n```python\n{match.group(1).strip()}\n```"
    return re.sub(r"``(.+?)``", r"`\1`", text) + code


def listed(body: str) -> str:
    """``name : type`` with an indented text below, as a list."""
    heads: list[str] = []
    texts: list[list[str]] = []
    for line in body.splitlines():
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            heads.append(f"- `{name}`" + (f" ({paragraph(kind)})" if kind else ""))
            texts.append([])
        elif line.strip() and heads:
            texts[-1].append(line.strip())
    return "\n".join(f"{head}: {paragraph(' '.join(text))}" if text else head for head, text in zip(heads, texts, strict=True))


def members(thing: type) -> list[str]:
    out = []
    for name, member in vars(thing).items():
        if name.startswith("_"):
            continue
        function = member.func if hasattr(member, "func") else member.fget if isinstance(member, property) else member
        if not callable(function) or not function.__doc__:
            continue
        head = name if function is not member else signature(function, name)
        code = f"```python\n{head}\n```" if "\n" in head else f"**`{head}`**"
        out.append(f"{code}\n\n{prose(function.__doc__)}")
    return out


def entry(thing: Any) -> str:
    name = name_of(thing)
    out = [f"### {name}"]
    built = isinstance(thing, type) and ("__init__" not in vars(thing) or dataclasses.is_dataclass(thing))
    hidden = thing in (ch.Result, ch.Track, ch.TrackSummary, ch.Document, ch.Lineage, ch.Plot, ch.Figure, ch.InputError, ch.Distribution)
    if not built and not hidden:
        out.append(f"```python\n{signature(thing, name)}\n```")
    out.append(prose(thing.__doc__))
    if isinstance(thing, type):
        out += members(thing)
    return "\n\n".join(out)


def page() -> str:
    documented = [thing for _, things in SECTIONS for thing in things]
    missing = [name for name in ch.__all__ if name not in ("ray", "dask", "transformers", "__version__") and getattr(ch, name) not in documented]
    if missing:
        sys.exit(f"not on the page: {', '.join(missing)}")
    bare = [name_of(thing) for thing in documented if not thing.__doc__]
    if bare:
        sys.exit(f"without a docstring: {', '.join(bare)}")
    parts = [HEAD.strip()]
    for title, things in SECTIONS:
        parts.append(f"## {title}")
        parts += [entry(thing) for thing in things]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit("docs/python-api.md is not what the docstrings give: run python python/docs/api.py")
