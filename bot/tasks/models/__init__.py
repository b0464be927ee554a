"""Small models in this process that do the tasks beside the answer."""
