"""How the shipped score and background counts are made."""
