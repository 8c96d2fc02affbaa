"""What is measured, against whom, with the expected answer checked: python -m benchmarks.NAME."""
