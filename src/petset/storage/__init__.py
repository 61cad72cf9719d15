"""Key to bytes with revisions, in memory or on SQLite. Knows nothing of kinds."""
