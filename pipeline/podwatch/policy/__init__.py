"""Decisions, pure: values and a moment in, a value with its reason out. The numbers of a policy stand here."""
