"""Everything podwatch remembers, in SQL: tables, migrations, and for each verb a to-do query and a save."""
