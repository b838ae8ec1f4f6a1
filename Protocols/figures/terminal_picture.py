#!/usr/bin/env python3
"""Makes a picture of a terminal from the coloured output of a command.

    FORCE_COLOR=1 ./course demo --quiet > demo.txt
    python3 Protocols/figures/terminal_picture.py demo.txt Protocols/figures/demo.png

Needs Chromium, which draws the page (`chromium` or `google-chrome` on the PATH).
"""

import html
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}
STYLE = """
body { margin: 0; background: #0d1117; }
pre { margin: 0; padding: 18px 22px; color: #e6edf3; font: 15px/19px "DejaVu Sans Mono", monospace; }
span { display: inline-block; height: 19px; }
"""


def css(codes):
    """The style of the SGR codes 1, 2, 3x and 48;5;n: all that the tool writes."""
    if codes[:2] == ["48", "5"]:
        level = 8 + 10 * (int(codes[2]) - 232)  # the 24 greys of the 256-colour palette
        return f"background:rgb({level},{level},{level})"
    rules = {"1": "font-weight:bold;color:#fff", "2": "color:#8b949e"}
    return ";".join(rules.get(code) or f"color:{COLORS[code]}" for code in codes if code in rules or code in COLORS)


def page(text):
    parts, is_open = [], False
    for piece in re.split(r"(\x1b\[[0-9;]*m)", text):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not code:
            parts.append(html.escape(piece))
            continue
        if is_open:
            parts.append("</span>")
        is_open = code[1] not in ("", "0")
        if is_open:
            parts.append(f'<span style="{css(code[1].split(";"))}">')
    return f"<meta charset=utf-8><style>{STYLE}</style><pre>{''.join(parts)}</pre>"


def main():
    source, target = sys.argv[1:]
    text = pathlib.Path(source).read_text().rstrip()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")
    width, height = 44 + round(9.04 * max(map(len, lines))), 36 + 19 * len(lines)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.exit("terminal_picture.py: Chromium was not found: install the package chromium")
    with tempfile.TemporaryDirectory() as folder:
        document = pathlib.Path(folder, "page.html")
        document.write_text(page(text))
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--window-size={width},{height}", f"--screenshot={pathlib.Path(target).resolve()}",
             document.as_uri()],
            check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
