"""Arrays of rows of different lengths, in memory or files, hashing, sorting, threads, and the compiled kernels.

Owns the loops over numbers. Never sees `Settings`, articles or text.
"""
