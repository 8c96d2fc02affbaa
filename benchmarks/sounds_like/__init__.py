"""Sounds-like matching measured: names spoken by machines, heard by small recognisers, and looked for again.

`python -m benchmarks.sounds_like` measures; `python -m benchmarks.sounds_like.make` makes the set anew. See README.md.
"""
