"""A history whose commits are signed with every kind of SSH key in turn, built in process so that it takes seconds."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_commit, write_tree
from tests.support.keys import CURVES, TestSigner, ecdsa_key, ed25519_key, hardware_key

BEGIN = 1_795_000_000
NAME = "ada"
EMAIL = "ada@example.org"


@dataclass
class Mixed:
    """Where the history is, its commits newest first, and the file of their keys."""

    path: Path
    commits: list[str]
    signers: Path


def keys(name):
    """One signer of each kind; git verifies every one of them."""
    sizes = (2048, 3072)
    return [
        ed25519_key(name),
        *(ecdsa_key(name, curve) for curve in CURVES),
        *(TestSigner(rsa.generate_private_key(65537, size)) for size in sizes),
        hardware_key(name),
        hardware_key(name, "ecdsa"),
    ]


def mixed(path, *, commits):
    """A bare repository of ``commits`` signed commits on one branch, and the allowed_signers file beside it."""
    store = init(path, bare=True)
    signers = keys(NAME)
    made = []
    tree = write_tree(store, None, {"README": b"signed in turn with every kind of key\n"})
    for number in range(commits):
        made.append(_commit(store, tree, made[-1:], signers[number % len(signers)], number))
    update_refs(store, [RefUpdate("refs/heads/main", new=made[-1], old=None)], "generated")
    allowed = Path(path).parent / "allowed_signers"
    allowed.write_text("".join(f"{EMAIL} {signer.public_key}\n" for signer in signers))
    return Mixed(Path(path), made[::-1], allowed)


def strangers(path):
    """One commit beside the history by each kind of key that the file of keys does not have."""
    store = Store.open(path)
    tree = write_tree(store, None, {})
    return [_commit(store, tree, [], signer, number) for number, signer in enumerate(keys("eve"))]


def _commit(store, tree, parents, signer, number):
    ident = Ident(NAME, EMAIL, BEGIN + number)
    return write_commit(store, tree, parents, f"commit {number}\n", ident, ident, partial(signer.sign, namespace="git"))
