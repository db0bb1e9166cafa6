"""How hidden tests are made: inputs drawn, answered, judged by mutants, and chosen."""
