"""What tests share: servers, databases, builders, oracles and scenarios. No test stands here but those of its own tools."""
