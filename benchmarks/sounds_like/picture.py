"""The precision-recall curves as a picture, for the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def draw(curves: Mapping[str, Sequence[tuple[float, float]]], title: str, path: Path) -> None:
    """``curves``: (recall, precision) by method; one point where a method has no threshold to move. SVG or PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "podwatch"  # the same figures make the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4.5), layout="constrained")
    for name, points in curves.items():
        ours = name == "podwatch"
        style = {"color": "tab:red", "linewidth": 2.4} if ours else {"linewidth": 1.2}
        if len(points) > 1:
            axes.plot([r for r, _ in points], [p for _, p in points], label=name, **style)
        else:
            axes.plot([r for r, _ in points], [p for _, p in points], "o", label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision", title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
