"""A stranger's document is parsed in a process of its own, limited in memory, CPU time and files."""
