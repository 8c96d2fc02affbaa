"""The page: what podwatch found, heard and missed, to look at and to decide on; and the same as a JSON API.

application.py builds the one ASGI application. access.py says who may read and who may change, which whoever serves it
decides: Airflow's login where the plugin mounts it, a token where `podwatch serve` does. No route is open by default.
"""
