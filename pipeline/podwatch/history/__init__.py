"""Work on the past: backfill, rescan and backtest, over older feed pages and over what is stored."""
