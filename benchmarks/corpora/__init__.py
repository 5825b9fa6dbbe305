"""What is measured on: feeds, the generator, gold labels, the brute-force oracle."""
