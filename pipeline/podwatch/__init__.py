"""podwatch's library: it monitors podcasts, and does not know Airflow."""
