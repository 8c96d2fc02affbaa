"""Tests of names: recognised, put together, counted, surging."""
