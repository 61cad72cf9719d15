"""Custom resources: what a CustomResourceDefinition says, as data that the rest of the server works by.

A definition's schema takes the place of the structs and tables that built-in kinds have: it says what a document
may hold (`pruning`), what is filled in (`defaulting`), what is refused (`checking`, `rules`), how fields are owned
(`parts`) and which columns a table has (`columns`). Everything here is pure and works on plain documents.
"""
