"""Draws docs/calibration.svg from the JSON of a validation: where the truth lies in its prediction, and how often the
intervals hold what they claim.

    target/release/haze validate fixtures/reported_training_emissions.csv --json validation.json
    python3 docs/calibration_picture.py validation.json docs/calibration.svg

Above, the probability integral transforms of the masked models of each list and of the validated figures, by tenths, over
the 95 % band of a calibrated prediction with as many independent trials as there are organisations or families. Below, the
reliability curve of the same: the share of truths at or below each quantile, which is a diagonal if predictions are
calibrated. Python 3.11 without packages. The same JSON gives the same bytes.
"""

import sys

from drawing import BAND, BLUE, GRID, INK, SOFT, Drawing, command_line

WIDTH, LEFT, GAP, TOP, SIDE, BELOW = 760, 58, 26, 96, 210, 66
# Fewer figures than this make no histogram.
FEWEST = 20


def panels(found):
    """Title, transforms and histogram of each panel."""
    for masked in found["masked_sums"]:
        if masked["pit"]:
            transforms = [m["pit"] for m in masked["masked_models"] if m["pit"] is not None]
            yield masked["name"], sorted(transforms), masked["pit"], "organisations"
    for quantity in found["quantities"]:
        if quantity["pit"] and quantity["pit"]["n"] >= FEWEST:
            rows = found["rows"]
            of = [r["pit"] for r in rows if r["quantity"] == quantity["name"] and not r["distilled"]]
            yield f"published {quantity['name']}", sorted(of), quantity["pit"], "families"


def picture(found):
    shown = list(panels(found))
    if not shown:
        sys.exit("no list and no quantity has enough figures for a histogram")
    side = min(SIDE, (WIDTH - LEFT - 24 - GAP * (len(shown) - 1)) / len(shown))
    drawing = Drawing()
    line, rectangle = drawing.line, drawing.rectangle

    def text(x, y, words, size=12, colour=SOFT, anchor="middle", weight="normal"):
        drawing.text(x, y, words, size, colour, anchor, weight)

    # Shares, so that panels of different size compare; the axes are those of the first panel.
    most = max(0.3, *(max(*h["counts"], h["band_95"][1]) / h["n"] for _, _, h, _ in shown))

    def histogram(x, y, h, labelled):
        up = lambda share: y + side - side * share / most
        low, high = (end / h["n"] for end in h["band_95"])
        rectangle(x, up(high), side, up(low) - up(high), BAND)
        for k, count in enumerate(h["counts"]):
            rectangle(x + side * (k / 10 + 0.008), up(count / h["n"]), side * 0.084, side * count / h["n"] / most, BLUE)
        line(x, up(0.1), x + side, up(0.1), SOFT, 1)
        for share in (0, 0.1, 0.2, 0.3):
            if labelled:
                text(x - 5, up(share) + 4, f"{100 * share:.0f} %", 10, anchor="end")
        line(x, y + side, x + side, y + side, SOFT, 1)

    def reliability(x, y, transforms, labelled):
        for tick in (0, 0.25, 0.5, 0.75, 1):
            line(x + side * tick, y, x + side * tick, y + side, GRID, 1)
            line(x, y + side * tick, x + side, y + side * tick, GRID, 1)
            text(x + side * tick, y + side + 15, f"{100 * tick:.0f}", 10)
            if labelled:
                text(x - 5, y + side * (1 - tick) + 4, f"{100 * tick:.0f}", 10, anchor="end")
        line(x, y + side, x + side, y, SOFT, 1)
        path, n = [f"M{x:.1f} {y + side:.1f}"], len(transforms)
        for k, p in enumerate(transforms):
            path.append(f"H{x + side * p:.1f}V{y + side * (1 - (k + 1) / n):.1f}")
        path.append(f"H{x + side:.1f}")
        drawing.add(f'<path d="{"".join(path)}" fill="none" stroke="{BLUE}" stroke-width="2"/>')

    text(24, 28, "Are the predictions calibrated?", 17, INK, "start", "bold")
    text(24, 48, "Above: where the truth lies in its predicted distribution, by tenths; flat is calibrated, high ends are too "
         "narrow,", 12, anchor="start")
    text(24, 64, "a high middle is too wide. Shaded: 95 % band. Below: share of truths at or below each quantile, %.", 12,
         anchor="start")
    said = []
    for at, (name, transforms, h, groups) in enumerate(shown):
        x, below = LEFT + at * (side + GAP), TOP + side + BELOW
        text(x + side / 2, TOP - 8, name, 11, INK, weight="bold")
        histogram(x, TOP, h, at == 0)
        text(x + side / 2, TOP + side + 16, f"{h['n']} from {h['clusters']} {groups}", 11)
        outside = "all tenths inside" if h["outside"] == 0 else f"{h['outside']} of 10 tenths outside"
        text(x + side / 2, TOP + side + 31, outside, 11)
        reliability(x, below, transforms, at == 0)
        said.append(f"{name}: {h['n']} figures, counts by tenths {', '.join(map(str, h['counts']))}, {outside} the band.")
    height = TOP + 2 * side + BELOW + 56
    text(24, height - 12, f"carbonhaze {found['version']}, haze validate, {found['draws']:,} draws, seed {found['seed']}; "
         "masked models by organisation folds", 11, anchor="start")
    return drawing.svg(WIDTH, height, " ".join(said))


if __name__ == "__main__":
    command_line(__doc__, picture)
