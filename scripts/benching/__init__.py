"""Timings: what is compared (contestants), how (interleaved), and how it is shown (report, chart)."""
