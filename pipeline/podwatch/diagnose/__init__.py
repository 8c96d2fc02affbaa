"""What is wrong, what was found and why: doctor, explain and match rates. Reads the store, changes nothing."""
