"""Commands that measure what the README claims. Each prints its figures; none is imported by the package."""
