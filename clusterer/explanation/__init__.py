"""Why two articles are together, or not.

Tells what a run measured, with the passages it measured on. Never measures otherwise than the run did.
"""
