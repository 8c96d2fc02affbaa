"""Labels: the passages of a transcript that are boilerplate - sponsor reads, promotion, what every episode repeats."""
