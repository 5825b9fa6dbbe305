"""The same groups on Apache Spark: the stages of the batch run in workers, checkpoints, graphs larger than a machine.

Carries data between workers. Hashes, verifies and scores nothing of its own.
"""

from clusterer.spark.cluster import cluster
from clusterer.spark.dedup import dedup

__all__ = ["cluster", "dedup"]
