"""Audio to transcript: decoding, chunks cut at silence, recognisers, and how good what they heard is."""
