"""Data sets as tensors, their checks and their augmentation; downloads live in data/raw.

What a configuration names: cifar digits (images in memory), imagenet tiny_imagenet digits_jpeg (image files),
ptb wikitext topics (text). What these are built from: images in_memory augment cifar_* (in memory),
class_folders image_check image_check_report jpeg from_files (files), text stream (text), errors.
"""
