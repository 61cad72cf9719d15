"""The one way a component reads and writes API objects, and the cache it keeps of them."""
