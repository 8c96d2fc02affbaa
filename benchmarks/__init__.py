"""What is measured, against whom, with the expected answer checked: one command a file."""
