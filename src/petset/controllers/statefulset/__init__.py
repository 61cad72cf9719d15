"""The StatefulSet controller: a pure plan of what to do next, and thin code that does it.

Read `model.py` for the words, `plan.py` for the order of the stages, then the stage of interest: `membership`,
`history`, `scaling`, `rollout`. Rule numbers are those of the StatefulSet contract (docs/statefulset-contract.md).
"""
