"""Data sets as tensors, their checks and their augmentation; downloads live in data/raw."""
