#!/usr/bin/env python3
"""Draws the coloured output of a command as a picture of a terminal.

    FORCE_COLOR=1 ./course demo --quiet > demo.txt
    python3 Protocols/figures/terminal_picture.py demo.txt Protocols/figures/demo.png

Needs Pillow, and the font DejaVu Sans Mono.
"""

import pathlib
import re
import sys

from PIL import Image, ImageDraw, ImageFont

BACKGROUND, TEXT, BOLD = "#0d1117", "#e6edf3", "#ffffff"
COLORS = {"2": "#8b949e", "31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}
CELL, MARGIN = (9, 19), (22, 18)
# Drawn large and reduced, which gives smooth text at any size.
SCALE = 2


def runs(line):
    """The pieces of a line with their SGR codes: 1, 2, 3x and 48;5;n are all that the tool writes."""
    codes, place = [], 0
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if code:
            codes = [] if code[1] in ("", "0") else code[1].split(";")
        elif piece:
            yield place, piece, codes
            place += len(piece)


def main():
    source, target = sys.argv[1:]
    lines = pathlib.Path(source).read_text().rstrip().split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in lines]
    (width, height), (left, top) = [tuple(SCALE * n for n in pair) for pair in (CELL, MARGIN)]
    size = 2 * left + width * max(map(len, plain)), 2 * top + height * len(lines)
    image = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(image)
    regular, bold = (ImageFont.truetype(f"DejaVuSansMono{style}.ttf", 15 * SCALE) for style in ("", "-Bold"))
    for row, line in enumerate(lines):
        y = top + row * height
        for place, text, codes in runs(line):
            x = left + place * width
            if codes[:2] == ["48", "5"]:
                level = 8 + 10 * (int(codes[2]) - 232)  # the 24 greys of the 256-colour palette
                draw.rectangle((x, y, x + len(text) * width - 1, y + height - 1), (level,) * 3)
                continue
            color = next((COLORS[code] for code in codes if code in COLORS), BOLD if "1" in codes else TEXT)
            for offset, character in enumerate(text):
                draw.text((x + offset * width, y), character, color, bold if "1" in codes else regular)
    image = image.resize((size[0] // SCALE, size[1] // SCALE), Image.LANCZOS)
    image.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    main()
