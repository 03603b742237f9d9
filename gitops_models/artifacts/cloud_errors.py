"""What DVC's file systems raise, in our codes: their drivers raise anything from OSError to botocore's own."""

import errno
from collections.abc import Iterator

from gitops_models.errors import GmError

INCONSISTENT = "GM-A622"


class OtherRangeError(OSError):
    """A remote that was asked for the rest of an object answered with something else."""


_CREDENTIALS = frozenset({"AuthError", "NoCredentialsError", "PermissionDenied"})
_RANGE_REFUSED = 416
_NOT_THERE = frozenset({404, 410})
_NOT_ALLOWED = frozenset({401, 403})


def is_range_refused(error: BaseException) -> bool:
    """Whether ``error`` says that the object ends before the byte that was asked for (HTTP 416)."""
    codes = {getattr(each, "status", None) for each in [error, *_causes(error)]}
    named = any("InvalidRange" in str(each) or str(_RANGE_REFUSED) in str(each) for each in [error, *_causes(error)])
    return _RANGE_REFUSED in codes or (named and isinstance(error, OSError))


def means_missing(error: BaseException) -> bool:
    """Whether ``error`` says that the object is not there.

    fsspec's HTTP file system raises FileNotFoundError for whatever went wrong, also for a dead or refusing server.
    """
    if not isinstance(error, FileNotFoundError):
        return False
    for cause in _causes(error):
        status = getattr(cause, "status", None)
        if isinstance(status, int):
            return status in _NOT_THERE
        if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
            return False
    return True


def cloud_error(error: Exception, where: str) -> GmError:
    """Give the coded form of ``error``."""
    if isinstance(error, GmError):
        return error
    if isinstance(error, OtherRangeError):
        return GmError(INCONSISTENT, f"the remote cannot go on with an object: {error}", where=where)
    kind = type(error).__name__
    if isinstance(error, ImportError) or kind == "RemoteMissingDepsError":
        return GmError("GM-A305", f"no driver for this remote: {error}", where=where)
    if any(_is_about_credentials(cause) for cause in [error, *_causes(error)]):
        return GmError("GM-A322", f"the remote refused the credentials: {error}", where=where)
    if kind in {"ConfigError", "RemoteConfigError"}:
        return GmError("GM-A301", f"the remote's configuration is not usable: {error}", where=where)
    return GmError("GM-A321", f"the remote cannot be reached: {kind}: {error}", where=where)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_about_credentials(error: BaseException) -> bool:
    if type(error).__name__ in _CREDENTIALS or getattr(error, "status", None) in _NOT_ALLOWED:
        return True
    return isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM}
