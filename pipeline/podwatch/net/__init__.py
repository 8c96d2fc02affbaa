"""The only way out to the network: every request is limited in time, size and addresses, and paced by host."""
