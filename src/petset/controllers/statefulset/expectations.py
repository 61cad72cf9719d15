"""The StatefulSet controller's memory of its own writes is the one that all owners of pods have."""

from petset.ownership.expectations import Expectations

__all__ = ["Expectations"]
