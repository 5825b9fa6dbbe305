"""Arabic text: letters folded, words hashed and stemmed, boilerplate marked, shingles made.

Owns what a word is. Never sees `Settings`, files or other articles than those it is given.
"""
