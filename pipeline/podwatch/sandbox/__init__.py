"""Untrusted documents are parsed in processes of their own, limited in memory, CPU time and files."""
