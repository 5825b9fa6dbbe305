"""Arrays of rows of different lengths, hashing, sorting, threads, and the compiled kernels.

Owns the loops over numbers. Never sees `Settings`, articles, text or files.
"""
