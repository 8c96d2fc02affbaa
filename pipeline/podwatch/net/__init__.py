"""The only way out to the network: every request is limited in size, time and addresses, and paced by host."""
