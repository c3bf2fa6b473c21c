"""Tuning studies: equal numbers of trials for every optimizer, chosen on held-out data (`python -m experiments.tune`)."""
