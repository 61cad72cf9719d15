"""One small coroutine for each verb and sub-resource: a request in, a reply or a stream out."""

from petset.apiserver.handlers.dispatch import Handlers
from petset.apiserver.handlers.reviews import Reviews

__all__ = ["Handlers", "Reviews"]
