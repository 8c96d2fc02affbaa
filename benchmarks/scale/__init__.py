"""How podwatch behaves over many feeds, for long, often, and on several workers; what that costs a feed and an hour."""
