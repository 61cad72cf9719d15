"""Furnishes a namespace when it is made and empties it when it goes."""
