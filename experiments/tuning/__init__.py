"""Tuning studies: equal numbers of trials for every optimizer, chosen on held-out data (see tune.py)."""
