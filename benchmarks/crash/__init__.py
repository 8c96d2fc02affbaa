"""Whatever is killed, cut off or locked: each alert arrives once. `make crash-test`; SHORT=1 for a few minutes."""
