"""What is measured, against whom, with the expected answer checked. Each module is one command; see README.md."""
