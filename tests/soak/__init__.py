"""The proof by killing: nothing lost, nothing twice, whatever is killed when."""
