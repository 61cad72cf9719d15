"""The verbs of the API (create, update, patch, delete, watch …) over a store, without HTTP."""
