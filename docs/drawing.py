"""What the pictures of these pages are drawn with: text, lines and rectangles of an SVG, its colours, its head.

Python 3.11 without packages. The same calls give the same bytes.
"""

import json
import sys
from html import escape

INK, SOFT, GRID, BLUE, GREY, ORANGE, BAND = "#1f2328", "#59636e", "#d9dee3", "#0b5cad", "#6e7781", "#b35900", "#e8eef5"


class Drawing:
    """Elements in the order in which they are added."""

    def __init__(self):
        self.elements = []

    def text(self, x, y, words, size=12, colour=SOFT, anchor="start", weight="normal"):
        self.elements.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
                             f'font-weight="{weight}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour, width):
        self.elements.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                             f'stroke-width="{width}"/>')

    def rectangle(self, x, y, width, height, colour):
        self.elements.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def add(self, element):
        self.elements.append(element)

    def svg(self, width, height, description):
        """The whole picture on white; `description` is its text alternative."""
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" role="img" '
                f'font-family="Helvetica, Arial, sans-serif"><title>{escape(description)}</title>')
        white = f'<rect width="{width}" height="{height:.0f}" fill="#ffffff"/>'
        return "\n".join([head, white, *self.elements, "</svg>", ""])


def command_line(usage, picture):
    """`picture` of the JSON in the first argument, to the second."""
    if len(sys.argv) != 3:
        sys.exit(usage)
    with open(sys.argv[1], encoding="utf-8") as source:
        drawing = picture(json.load(source))
    with open(sys.argv[2], "w", encoding="utf-8") as target:
        target.write(drawing)
