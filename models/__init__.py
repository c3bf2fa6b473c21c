"""Networks of the paper's tasks, each in the form the official code trained."""
