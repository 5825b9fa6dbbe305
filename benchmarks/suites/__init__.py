"""One file a measurement: what is claimed, on which corpora, with which repeats."""
