"""Entities: named people, organisations and places of a transcript, found, put together, and counted over time.

recognise   text -> named spans (spaCy; the only part that loads a model)
merge       named spans -> entities, a pure decision, from names, groups and votes
surge       whether a name is suddenly said, a pure decision
stage       the part of detect that does it for new transcripts
"""

from podwatch.entities.merge import merge_spans

__all__ = ["merge_spans"]
