"""The story level: term weights, candidates, features of a pair, the same-event score, average linkage.

Owns what one event is. Never sees files or outputs.
"""
