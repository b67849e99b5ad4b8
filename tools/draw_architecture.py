"""Draw the floors of the package, as pyproject.toml has them, and what verify, check and prove
pass.

`python tools/draw_architecture.py` writes ``docs/pictures/architecture.svg``; a test holds it to
what this draws.
"""

import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "pictures" / "architecture.svg"

PURPOSES = {
    "cli": "one module a command: arguments in, exit code out",
    "bench": "timings, side by side in one run",
    "conformance": "the front door: check, Report, ConformanceTests, the score",
    "checks": "what must hold: of any implementation, of our internals",
    "bugs": "wrong shifts and right ones: they test the checks",
    "evidence": "check, case, result, report: how it is known",
    "implementations": "what is asked: Python, a program, ONNX, ours",
    "pictures": "drawings of arrays, cases and networks",
    "paper": "the paper's claims and tables, and how each is settled",
    "proofs": "theorems for all sizes, and the proof of a torch module",
    "models": "the paper's networks, costs, checkpoints",
    "nn": "the shift in PyTorch, and its insertion",
    "vectors": "frozen cases, computed by the definition alone",
    "_loading": "somebody's code by FILE.py:NAME",
    "requirements": "rules of the paper; files",
    "correlate": "sparse convolution in full; what arrays are filled with",
    "definition": "the shift by rule, by copy and by matrix; kernels",
    "geometry": "which channels move where: all others read it",
    "_validation": "checks of arguments",
    "errors": "every error is an StsmError",
}
"""By the first module of a floor."""

PATHS = {
    "verify": (
        "#1f6fb2",
        (
            "cli",
            "checks",
            "evidence",
            "implementations",
            "proofs",
            "nn",
            "vectors",
            "requirements",
            "correlate",
            "definition",
            "geometry",
        ),
    ),
    "check": (
        "#b2541f",
        (
            "cli",
            "conformance",
            "checks",
            "bugs",
            "evidence",
            "implementations",
            "vectors",
            "_loading",
            "requirements",
            "definition",
            "geometry",
        ),
    ),
    "prove": ("#3c8031", ("cli", "proofs", "nn", "_loading", "definition", "geometry")),
}
"""The floors that a command passes on its way down, and the colour of the way."""

WIDTH, ROW, TOP, NAMES, LANES, STEP = 860, 32, 46, 18, 690, 60


def floors() -> list[list[str]]:
    """The modules of each floor, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(
        contract["layers"] for contract in contracts if contract["name"] == "Arrows go down"
    )
    return [
        [name.strip().removeprefix("stsm_ref.") for name in layer.split("|")] for layer in layers
    ]


def draw() -> str:
    """The picture as SVG."""
    rows = floors()
    middle = {names[0]: TOP + ROW * number + ROW // 2 for number, names in enumerate(rows)}
    height = TOP + ROW * len(rows) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="13">',
        "<title>The floors of stsm_ref, and the ways of verify, check and prove down them</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for names in rows:
        y = middle[names[0]]
        parts.append(
            f'<rect x="8" y="{y - ROW // 2 + 2}" width="{WIDTH - 16}" height="{ROW - 4}" rx="5" '
            'fill="#f1f3f6"/>'
        )
        label = ", ".join(names)
        parts.append(
            f'<text x="{NAMES}" y="{y + 4}" font-family="monospace" '
            f'fill="#111">{escape(label)}</text>'
        )
        parts.append(
            f'<text x="{LANES - 26}" y="{y + 4}" text-anchor="end" '
            f'fill="#555">{escape(PURPOSES[names[0]])}</text>'
        )
    for number, (command, (colour, stops)) in enumerate(PATHS.items()):
        x, ys = LANES + 24 + STEP * number, [middle[stop] for stop in stops]
        parts.append(
            f'<text x="{x}" y="{TOP - 16}" text-anchor="middle" font-weight="bold" '
            f'fill="{colour}">{command}</text>'
        )
        parts.append(
            f'<line x1="{x}" y1="{ys[0]}" x2="{x}" y2="{ys[-1]}" stroke="{colour}" '
            'stroke-width="3"/>'
        )
        parts += [f'<circle cx="{x}" cy="{y}" r="7" fill="{colour}"/>' for y in ys]
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(draw())
