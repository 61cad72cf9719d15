"""Who owns which field of an object: the rules behind `metadata.managedFields` and server-side apply.

Every manager (`kubectl`, a controller, an operator) is recorded with the set of fields that it wrote last. An
update takes over the fields that it changes; an apply may not change another manager's fields unless forced, and
removes what its manager applied before and no longer does. Everything here is pure and works on plain documents;
`petset.registry.ownership` does it to stored objects.
"""
