"""Other packages and methods on the same job."""
