"""Makes the fonts of the figures, src/report/figure/fonts/*.otf, from Inter as Debian ships it.

    apt-get install fonts-inter && pip install fonttools==4.68.0
    python3 docs/figure_fonts.py

Inter 3.019 (in Debian's fonts-inter 4.0~beta7), under the SIL Open Font License 1.1: its text is stored with the fonts.
Only the characters that names and units of a figure need are kept, without kerning; the box of a missing character
stays. The same packages give the same bytes.
"""

from pathlib import Path

from fontTools import subset

SOURCE = Path("/usr/share/fonts/opentype/inter")
TARGET = Path(__file__).resolve().parent.parent / "src/report/figure/fonts"
# Latin, Latin-1, Latin Extended-A; Greek; Cyrillic; punctuation, super- and subscripts, arrows, signs, shapes, blocks.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x2BC, 0x2BC), (0x370, 0x3FF), (0x400, 0x45F), (0x490, 0x491),
    (0x1E80, 0x1E85), (0x1E9E, 0x1E9E), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20AC, 0x20AC),
    (0x2116, 0x2122), (0x2190, 0x2199), (0x2200, 0x2265), (0x2500, 0x25FF),
]


def made(name):
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True, hinting=False,
                             desubroutinize=True, drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "STAT", "DSIG"])
    options.recalc_timestamp = False
    font = subset.load_font(str(SOURCE / f"{name}.otf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for lo, hi in RANGES for c in range(lo, hi + 1)])
    subsetter.subset(font)
    subset.save_font(font, str(TARGET / f"{name}.otf"), options)


if __name__ == "__main__":
    for name in ("Inter-Regular", "Inter-Bold"):
        made(name)
