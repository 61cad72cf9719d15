"""Keeps an APIService for each group and version that is served."""
