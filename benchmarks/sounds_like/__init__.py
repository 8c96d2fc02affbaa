"""Names that speech recognition misspelt: what the ear is learned from, and what it is measured with."""
