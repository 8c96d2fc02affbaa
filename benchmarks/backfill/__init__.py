"""Measures a backfill in a real Airflow, and shows that kills do not change what it ends with: `make backfill-test`."""
