"""The nouns of the model are imported when they are asked for; the list of them and the imports for mypy agree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from podwatch import model


def test_every_name_is_there_and_listed_where_it_is_defined() -> None:
    tree = ast.parse(Path(str(model.__file__)).read_text(encoding="utf-8"))
    imported = {
        n.module: {a.name for a in n.names} for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module
    }
    listed = {f"podwatch.model.{module}": set(names.split()) for module, names in model._NAMES.items()}
    assert listed == {module: names for module, names in imported.items() if module.startswith("podwatch.model.")}
    assert set().union(*listed.values()) == set(model.__all__)
    for name in model.__all__:
        assert getattr(model, name) is not None


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Podcast'"):
        _ = model.Podcast
