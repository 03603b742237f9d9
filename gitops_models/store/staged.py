"""What the next commit would hold, as a commit that no ref names."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gitops_models.store.gitcli import output
from gitops_models.store.objects import Ident
from gitops_models.store.repository import Store
from gitops_models.store.writer import write_commit

_NOBODY = Ident("gm", "gm@localhost", 0)


def staged_commit(store: Store, environ: Mapping[str, str]) -> str:
    """Write the index as a tree and give a commit of it, with HEAD as its parent; GM-S009 with unmerged paths.

    ``git commit -a`` and ``git commit FILE`` let their hooks see another index, which ``GIT_INDEX_FILE`` of ``environ``
    names; one that lies outside this repository is another's and is not read.
    """
    named = environ.get("GIT_INDEX_FILE", "")
    index = os.path.realpath(Path(store.work_tree or store.git_dir) / named)
    own = named and Path(index).is_relative_to(os.path.realpath(store.git_dir))
    git = replace(store.git, env={**store.git.env, **({"GIT_INDEX_FILE": index} if own else {})})
    tree = output(git, ["write-tree"]).decode().strip()
    head = store.ref("HEAD")
    return write_commit(store, tree, [head] if head else [], "staged\n", _NOBODY, _NOBODY)
