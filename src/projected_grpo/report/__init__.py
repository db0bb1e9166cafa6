"""What runs add up to: comparison, tables, claims, figures, page, journal."""
