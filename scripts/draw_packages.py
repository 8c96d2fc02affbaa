"""Draws the packages of podwatch and their imports from the code, as docs/packages.svg: top uses what is below it.

    python scripts/draw_packages.py            # writes docs/packages.svg
    python scripts/draw_packages.py --text     # prints a line a package

Only the arrows that say something new are drawn: where a package is reached by way of another, that arrow is left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "pipeline/podwatch"
SVG = ROOT / "docs/packages.svg"
BOX, ROW, GAP = 118, 74, 22  # pixels: a box's width, a layer's height, the space between two boxes

Graph = Mapping[str, frozenset[str]]


def read_imports() -> dict[str, frozenset[str]]:
    """Package, or module beside the packages, -> the others that it imports anywhere, lazily too."""
    found: dict[str, set[str]] = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        own = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if own in ("__init__", "__main__"):
            continue
        targets = found.setdefault(own, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "podwatch":
                names = [f"podwatch.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            targets |= {name.split(".")[1] for name in names if name.startswith("podwatch.")}
        targets.discard(own)
    return {package: frozenset(targets) for package, targets in found.items()}


def reduce_edges(graph: Graph) -> dict[str, frozenset[str]]:
    """The transitive reduction: without the edges that a longer way makes superfluous. ``graph`` has no circle."""

    def reach(package: str) -> set[str]:
        return {t for target in graph[package] for t in {target, *reach(target)}}

    return {p: frozenset(t for t in ts if not any(t in reach(o) for o in ts - {t})) for p, ts in graph.items()}


def find_layers(graph: Graph) -> list[list[str]]:
    """Packages by the length of their longest way down, the top first."""
    height: dict[str, int] = {}

    def measure(package: str) -> int:
        if package not in height:
            height[package] = 1 + max((measure(t) for t in graph[package]), default=-1)
        return height[package]

    for package in graph:
        measure(package)
    top = max(height.values())
    return [sorted(p for p in graph if height[p] == level) for level in range(top, -1, -1)]


def describe(package: str) -> str:
    """The first sentence of a package or module, for the tooltip and the text form."""
    path = LIBRARY / package / "__init__.py"
    source = path if path.exists() else LIBRARY / f"{package}.py"
    return (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def draw(graph: Graph) -> str:
    layers, edges = find_layers(graph), reduce_edges(graph)
    width = max(len(layer) for layer in layers) * (BOX + GAP) + GAP
    place: dict[str, tuple[float, float]] = {}
    for row, layer in enumerate(layers):
        left = (width - len(layer) * (BOX + GAP) + GAP) / 2
        place |= {p: (left + column * (BOX + GAP), row * ROW + GAP) for column, p in enumerate(layer)}
    height = len(layers) * ROW + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for package in sorted(edges):
        x, y = place[package]
        for target in sorted(edges[package]):
            tx, ty = place[target]
            lines.append(
                f'<path d="M{x + BOX / 2:.0f} {y + 36:.0f} C{x + BOX / 2:.0f} {y + 60:.0f} {tx + BOX / 2:.0f} '
                f'{ty - 24:.0f} {tx + BOX / 2:.0f} {ty:.0f}" fill="none" stroke="#8a94a6"/>'
            )
    for package, (x, y) in sorted(place.items()):
        lines.append(
            f'<g><title>{escape(describe(package))}</title><rect x="{x:.0f}" y="{y:.0f}" width="{BOX}" height="36" '
            f'rx="6" fill="#eef3fb" stroke="#3b5b92"/><text x="{x + BOX / 2:.0f}" y="{y + 23:.0f}" '
            f'text-anchor="middle" fill="#1b2a41">{escape(package)}</text></g>'
        )
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    graph = read_imports()
    if "--text" in sys.argv[1:]:
        for layer in find_layers(graph):
            for package in layer:
                uses = ", ".join(sorted(graph[package])) or "nothing"
                print(f"{package:12} {describe(package)}\n{'':12} uses {uses}")
    else:
        SVG.write_text(draw(graph), encoding="utf-8")


if __name__ == "__main__":
    main()
