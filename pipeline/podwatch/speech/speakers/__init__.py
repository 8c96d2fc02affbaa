"""Who speaks when: what each stretch of talk sounds like, which of them sound alike, and whose each word is."""
