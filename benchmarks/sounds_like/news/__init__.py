"""Marks of names in real news talk: which episodes, which names, and where they are. The texts are not part of this."""
