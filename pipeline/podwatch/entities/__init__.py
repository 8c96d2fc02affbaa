"""Entities: the people, organisations and places that a transcript names: recognised, merged, and counted over time.

recognition  text -> labelled spans (spaCy; the only part that loads a model)
merge        labelled spans -> entities, from span_groups, name_keys and type_votes
surges       entities that are suddenly named in many episodes, by surge_statistics
"""
