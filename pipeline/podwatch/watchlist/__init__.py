"""watchlist.yaml to watches: its form and schema, mistakes with line and column, edits that keep the file."""
