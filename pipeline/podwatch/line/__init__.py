"""The line: poll, fetch, detect, deliver - one module a verb, its steps beside it. Verbs meet only in the database."""
