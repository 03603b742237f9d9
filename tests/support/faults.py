"""What a disk can answer, at which calls: the same for a whole command and for a reconcile alone."""

from tests.support.killing import Point

ERRORS = ("ENOSPC", "EIO", "EACCES", "EROFS")
WRITES = ("write", "pwrite64", "writev", "copy_file_range", "sendfile", "ftruncate")
FAILING = (*WRITES, "fsync", "fdatasync", "rename", "renameat", "renameat2")
# What a disk without room or right refuses before anything is written.
MAKING = ("openat", "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat", "unlink", "unlinkat")


def faults(points):
    """Each call with each error, once; a disk that stays full, and one that stays read-only, from each call on."""
    for point in points:
        if point.git or point.call not in (*FAILING, *MAKING):
            continue
        for error in ERRORS:
            if point.call in FAILING or error in ("EACCES", "EROFS"):
                yield Point(point.call, point.when, error=error)
        if point.call != "openat":  # most of these only read
            lasting = "ENOSPC" if point.call in WRITES else "EROFS"
            yield Point(point.call, point.when, error=lasting, lasting=True)
