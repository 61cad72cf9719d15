"""Clock, work queue, supervised tasks and back-off: concurrency that knows nothing of Kubernetes."""
