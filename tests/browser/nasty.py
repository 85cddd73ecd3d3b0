"""A models file whose names would be markup, formulas, commands or directions if anything took them for that.

    python3 tests/browser/nasty.py > nasty.csv
"""

import csv
import sys

NAMES = [
    "<script>alert(1)</script>", "=cmd()", "+1+1", "-2+3", "@sum(A1)", '"><img src=x onerror=alert(1)>', "n" * 10000,
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645/7b", "abc\u202etxt.exe", "\u05e9\u05dc\u05d5\u05dd", "</title><svg onload=alert(1)>", 'a,b"c', "&lt;b&gt;",
    "/*SCRIPT*/<!--DATA-->", "${alert(1)}", "javascript:alert(1)", "\u6c49\u5b57\u6a21\u578b/" * 20, "\\input{/etc/passwd}",
]
DERIVED = {2, 3, 5, 6, 7, 8, 9, 15}

sys.stdout.reconfigure(encoding="utf-8")
table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(["id", "organization", "date", "region", "hardware", "parameters", "base_model", "relation"])
for i, name in enumerate(NAMES):
    organization = NAMES[(i + 1) % len(NAMES)] if i % 2 else "Lab"
    base = NAMES[0] if i in DERIVED else "parent-" + "x" * 300 if i == 10 else ""
    table.writerow([name, organization, f"202{i % 5}-03-01", "France", "NVIDIA A100", f"{i + 1}e9", base, "finetune" if base else ""])
