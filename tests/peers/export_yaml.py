"""What `haze export` writes into model cards, read by a YAML parser and a JSON Schema validator of another language.

    python3 tests/peers/export_yaml.py target/release/haze

Needs PyYAML and jsonschema (Debian: python3-yaml, python3-jsonschema). Cards with odd front matter are merged with the
blocks `dia` and `hf`; PyYAML must read each with every other key as it was, the DIA block must follow
fixtures/schemas/dia-report.schema.json, and no other byte of the card may change. Prints a line for each card.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((ROOT / "fixtures/schemas/dia-report.schema.json").read_text(encoding="utf-8"))
MODELS = (
    "id,organization,date,region,hardware,hardware_count,gpu_hours,base_model,relation,parameters\n"
    'o/a,"Lab: ""x"" # [y] {z}",2024-05,"France",8 x A100,8,1000,o/base,finetune,7e9\n'
    "o/yes,yes,2024,,,,,,,1.1e9\n"
)
CARDS = {
    "plain": b"---\nlicense: mit\ntags:\n- a\n- b\n---\n# A card\n",
    "windows": b"\xef\xbb\xbf---\r\nlicense: mit # why\r\nlanguage: [en, 'no']\r\n---\r\ntext\r\n",
    "replaced": b"---\nco2_eq_emissions:\n  emissions: 1\n  nested:\n    dia_version: 3\nmodel_name: 'x: y'\n---\ntext",
    "block": b"---\nwidget: |\n  text\n  --- not the end\n\n  dia_version: in text\n# remark\nlicense: mit\n---\n",
    "none": b"# No front matter\n",
}
OWN = {"dia": {"dia_version", "dia_report"}, "hf": {"co2_eq_emissions"}}


def front(card):
    """The text between the first two lines of dashes, and what comes after it."""
    lines = card.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != b"---":
        return b"", card
    end = next(i for i, line in enumerate(lines[1:], 1) if line.rstrip() == b"---")
    return b"".join(lines[1:end]), b"".join(lines[end + 1 :])


def check(program, folder, kind, model, name, card):
    path = folder / f"{name}.md"
    path.write_bytes(card)
    command = [program, "export", kind, "m.csv", "--model", model, "--card", path.name, "--draws", "2000", "--quiet"]
    new = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    (old_front, old_rest), (new_front, new_rest) = front(card), front(new)
    # A card without front matter gets one, and an empty line after it.
    assert new_rest == old_rest or (not old_front and new_rest == b"\n" + old_rest), (name, "the text changed")
    assert new.startswith(b"\xef\xbb\xbf") == card.startswith(b"\xef\xbb\xbf"), (name, "the byte order mark")
    old, found = yaml.safe_load(old_front) or {}, yaml.safe_load(new_front)
    assert {k: v for k, v in found.items() if k not in OWN[kind]} == {
        k: v for k, v in old.items() if k not in OWN[kind]
    }, (name, found)
    assert OWN[kind] <= set(found), (name, found)
    if kind == "dia":
        jsonschema.validate({key: found[key] for key in OWN[kind]}, SCHEMA)
        assert found["dia_report"]["footprint"]["energy_kwh"]["value"][0] > 0
    else:
        assert found["co2_eq_emissions"]["emissions"] > 0
    return found


def main(program):
    program = str(Path(program).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m.csv").write_text(MODELS, encoding="utf-8")
        for kind in OWN:
            for model in ("o/a", "o/yes"):
                for card, data in CARDS.items():
                    found = check(program, folder, kind, model, card, data)
                    print(f"ok  {kind} {model} {card}")
    # Negative control: the schema refuses what is no report.
    found["dia_version"], found["dia_report"] = "0.1", {"scope": "cumulative", "footprint": []}
    try:
        jsonschema.validate({key: found[key] for key in OWN["dia"]}, SCHEMA)
    except jsonschema.ValidationError:
        return
    sys.exit("the schema took a report that is none")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
