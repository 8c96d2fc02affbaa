"""Transcripts: from bytes to segments (formats), where one comes from (sources), and which passages are boilerplate."""
