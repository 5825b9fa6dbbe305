"""From a run's JSON to tables and plots."""
