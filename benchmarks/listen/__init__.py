"""`make listen-test`: what is heard of names, what it costs, and that no kill and no second worker costs more."""
