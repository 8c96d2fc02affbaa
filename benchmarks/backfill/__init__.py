"""What a backfill costs in a real Airflow, and whether kills change what it ends with."""
