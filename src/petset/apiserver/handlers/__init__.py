"""One small coroutine for each verb and sub-resource: a request in, a reply or a stream out."""

from petset.apiserver.handlers.dispatch import Handlers

__all__ = ["Handlers"]
