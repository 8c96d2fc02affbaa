"""podwatch's library: it knows podcasts, and does not know Airflow."""
