"""The watch language: its parser and compiler, and the engine that runs all watches over a transcript."""

from podwatch.query.context import EpisodeFields
from podwatch.query.detectors import DETECTORS, build_engine, clause_of, query_clause
from podwatch.query.engine import Engine, EngineResult

__all__ = ["DETECTORS", "Engine", "EngineResult", "EpisodeFields", "build_engine", "clause_of", "query_clause"]
