"""What runs add up to: comparison, tables, claims, curves, journal."""
