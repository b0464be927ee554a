"""Ways of reasoning: each alone, and all of them against a model that does its worst."""
