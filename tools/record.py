"""Record a command in a terminal as an animated SVG: `python -m tools.record OUT.svg -- COMMAND…`.

The command runs in a real pseudo-terminal; what it draws is kept as frames with their times, and the picture plays
them at the speed at which they came. Needs `pyte`, a terminal emulator, which nothing else here does.
"""

import html
import os
import pty
import select
import struct
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pyte

COLUMNS, ROWS = 112, 21
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 14
PAUSE_SECONDS = 4.0
COLOURS = {"green": "#7ee787", "yellow": "#e3b341", "red": "#ff7b72", "blue": "#79c0ff", "default": "#e6edf3"}

Frame = tuple[float, tuple[str, ...]]


def record(command: list[str]) -> list[Frame]:
    """The screen at each moment it changed, as rows of SVG text."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)  # noqa: S606 - the command that was asked for
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began, frames = time.monotonic(), []
    stream.feed(f"$ {' '.join(command)}\r\n".encode())
    while True:
        rows = tuple(_row(screen, number) for number in range(ROWS))
        if not frames or frames[-1][1] != rows:
            frames.append((time.monotonic() - began, rows))
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        stream.feed(data)
    os.waitpid(pid, 0)
    return frames


def _row(screen: pyte.Screen, number: int) -> str:
    """One row as tspans, a run of cells of one style each."""
    line, runs = screen.buffer[number], []
    for column in range(COLUMNS):
        cell = line[column]
        style = (COLOURS.get(cell.fg, COLOURS["default"]), cell.bold)
        if runs and runs[-1][0] == style:
            runs[-1][1].append(cell.data)
        else:
            runs.append((style, [cell.data]))
    while runs and not "".join(runs[-1][1]).strip():
        runs.pop()
    return "".join(_span(colour, bold, "".join(text)) for (colour, bold), text in runs)


def _span(colour: str, bold: bool, text: str) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<tspan fill="{colour}"{weight}>{html.escape(text)}</tspan>'


def svg(frames: list[Frame]) -> str:
    """All frames over each other, each visible in its own share of the time."""
    total = frames[-1][0] + PAUSE_SECONDS
    width, height = COLUMNS * CELL_WIDTH + 2 * MARGIN, ROWS * CELL_HEIGHT + 2 * MARGIN
    rules, groups = [], []
    for index, (start, rows) in enumerate(frames):
        end = frames[index + 1][0] if index + 1 < len(frames) else total
        begin_percent, end_percent = 100 * start / total, 100 * end / total
        rules.append(
            f"@keyframes f{index}{{0%,{begin_percent:.3f}%{{visibility:hidden}}"
            f"{begin_percent + 0.001:.3f}%,{end_percent:.3f}%{{visibility:visible}}"
            f"{min(100, end_percent + 0.001):.3f}%,100%{{visibility:{'visible' if end == total else 'hidden'}}}}}"
            f".f{index}{{animation:f{index} {total:.2f}s infinite step-end;visibility:hidden}}"
        )
        lines = [
            f'<text x="{MARGIN}" y="{MARGIN + CELL_HEIGHT * (number + 0.75):.1f}" xml:space="preserve">{row}</text>'
            for number, row in enumerate(rows)
            if row
        ]
        groups.append(f'<g class="f{index}">{"".join(lines)}</g>')
    font = "font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">'
        f"<style>text{{{font}}}{''.join(rules)}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>{"".join(groups)}</svg>\n'
    )


def main() -> None:
    target, separator, *command = sys.argv[1:]
    assert separator == "--", __doc__
    frames = record(command)
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text(svg(frames))
    print(f"{len(frames)} frames, {frames[-1][0]:.1f} s, {target}")


if __name__ == "__main__":
    main()
