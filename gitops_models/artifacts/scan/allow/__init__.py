"""The names that a pickle may import, exactly: one file for each framework.

A name is on the list when importing it, calling it with any values and filling what it gives runs no code of the file
and reaches no process, file or network. A name that is missing costs a clean model a finding; one that is wrong costs
everything, so there are no patterns.
"""

from gitops_models.artifacts.scan.allow import arrays, python, sklearn, torch
from gitops_models.artifacts.scan.allow.names import Pair

CALLED: frozenset[Pair] = python.CALLED | arrays.CALLED | sklearn.CALLED
"""Classes and functions that any pickle may call."""

NAMED: frozenset[Pair] = python.NAMED | arrays.NAMED | sklearn.NAMED
"""What any pickle may name, as the value of a setting, and not call."""

NEVER_CALLED: frozenset[Pair] = NAMED | torch.NAMED

TORCH: frozenset[Pair] = torch.CALLED | torch.NAMED
"""What a pickle of PyTorch may import besides."""
