"""podwatch in an Airflow that is there already, of every supported version, set up by somebody else."""
