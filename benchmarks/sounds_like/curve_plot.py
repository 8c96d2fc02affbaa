"""Plots the precision-recall curves of the matchers, for the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def draw_curves(curves: Mapping[str, Sequence[tuple[float, float]]], title: str, path: Path) -> None:
    """curves: matcher -> (recall, precision); one point where it has no threshold. Writes SVG or PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "podwatch"  # the same figures make the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4.5), layout="constrained")
    colours = iter(["tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:brown"])
    for name, points in curves.items():
        ours = name == "podwatch"
        marker = (
            "" if len(points) > 5 else "o"
        )  # so few thresholds are points, the line between them only leads the eye
        axes.plot(
            [recall for recall, _ in points],
            [precision for _, precision in points],
            label=name.strip("`"),
            color="tab:red" if ours else next(colours),
            linewidth=2.4 if ours else 1.2,
            marker=marker,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision", title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
