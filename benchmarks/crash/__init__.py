"""Delivers each alert exactly once, whatever is killed, cut off or locked: `make crash-test`, SHORT=1 for minutes."""
