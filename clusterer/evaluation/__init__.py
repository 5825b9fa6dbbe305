"""Gold labels, metrics, tuning of settings, and pairs for a person to label.

Judges results. Never changes how groups are formed.
"""
