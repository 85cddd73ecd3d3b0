"""Draws docs/result.svg from the JSON of a run: the total as modelled, correlation ignored, and Hugging Carbon's figure.

    target/release/haze run fixtures/hub_models.csv --quiet --json result.json
    python3 docs/result_picture.py result.json docs/result.svg

Python 3.11 without packages. The axis is logarithmic. The same JSON gives the same bytes.
"""

import math

from drawing import BLUE, GREY, GRID, INK, ORANGE, SOFT, Drawing, command_line

# tCO2e, models with more than 5,000 downloads: Hugging Carbon, arXiv 2605.01549. A single figure, without an interval.
HUGGING_CARBON_T = 5.8e4

WIDTH, LEFT, RIGHT, TOP, ROW, HEIGHT = 760, 190, 40, 76, 58, 318


def ticks(lo, hi):
    """1, 2 and 5 times the powers of ten from lo to hi."""
    powers = range(math.floor(math.log10(lo)), math.ceil(math.log10(hi)) + 1)
    values = [m * 10.0**p for p in powers for m in (1, 2, 5)]
    return [v for v in values if lo * 0.999 <= v <= hi * 1.001]


def picture(result):
    level = f"{100 * result['interval']:g} %"
    modelled, ignored = result["total"]["emissions_t"], result["independent"]["emissions_t"]
    ends = [HUGGING_CARBON_T, *modelled["interval"], *ignored["interval"]]
    steps = ticks(min(ends) / 3, max(ends) * 3)
    lo = max([t for t in steps if t <= min(ends) * 0.9], default=min(ends) / 2)
    hi = min([t for t in steps if t >= max(ends) * 1.1], default=max(ends) * 2)

    def x(tonnes):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(tonnes / lo) / math.log(hi / lo)

    drawing = Drawing()
    line = drawing.line

    def text(at, y, words, size=14, colour=INK, anchor="start", weight="normal"):
        drawing.text(at, y, words, size, colour, anchor, weight)

    def interval(y, estimate, name, colour):
        low, high = estimate["interval"]
        text(LEFT - 16, y + 5, name, anchor="end")
        line(x(low), y, x(high), y, colour, 6)
        for end in (low, high):
            line(x(end), y - 9, x(end), y + 9, colour, 2)
        line(x(estimate["median"]), y - 9, x(estimate["median"]), y + 9, "#ffffff", 4)
        line(x(estimate["median"]), y - 7, x(estimate["median"]), y + 7, colour, 2)
        drawing.add(f'<circle cx="{x(estimate["mean"]):.1f}" cy="{y:.1f}" r="6" fill="#ffffff" stroke="{colour}" '
                    'stroke-width="2.5"/>')
        text(x(low) - 6, y - 14, f"{low / 1e3:.0f}", 12, SOFT, "middle")
        text(x(estimate["mean"]), y - 14, f"{estimate['mean'] / 1e3:.0f}", 13, colour, "middle", "bold")
        text(x(high) + 6, y - 14, f"{high / 1e3:.0f}", 12, SOFT, "middle")

    bottom = TOP + 3 * ROW
    text(24, 30, f"Training emissions of {result['total']['models']:,} models, ktCO2e", 17, weight="bold")
    text(24, 50, f"bar: {level} credible interval (equal-tailed); circle: mean; tick: median; logarithmic axis", 12, SOFT)
    for tick in ticks(lo, hi):
        line(x(tick), TOP, x(tick), bottom, GRID, 1)
        text(x(tick), bottom + 20, f"{tick / 1e3:g}", 12, SOFT, "middle")
    line(LEFT, bottom, WIDTH - RIGHT, bottom, SOFT, 1)
    interval(TOP + 0.6 * ROW, modelled, "As modelled", BLUE)
    interval(TOP + 1.6 * ROW, ignored, "Correlation ignored", GREY)
    y, at = TOP + 2.6 * ROW, x(HUGGING_CARBON_T)
    text(LEFT - 16, y + 5, "Hugging Carbon", anchor="end")
    drawing.add(f'<path d="M{at:.1f} {y - 8:.1f} l8 8 l-8 8 l-8 -8 z" fill="{ORANGE}"/>')
    text(at + 14, y + 5, f"{HUGGING_CARBON_T / 1e3:.0f}, no interval given; another list of models", 12, SOFT)
    text(24, HEIGHT - 12, f"carbonhaze {result['version']}, {result['draws']:,} draws, seed {result['seed']}; "
         "Hugging Carbon: arXiv 2605.01549", 11, SOFT)
    low, high = modelled["interval"]
    description = (f"As modelled: mean {modelled['mean'] / 1e3:.0f} kt, {level} interval {low / 1e3:.0f} to "
                   f"{high / 1e3:.0f} kt. Hugging Carbon: {HUGGING_CARBON_T / 1e3:.0f} kt.")
    return drawing.svg(WIDTH, HEIGHT, description)


if __name__ == "__main__":
    command_line(__doc__, picture)
