"""What DVC's file systems raise, in our codes: their drivers raise anything from OSError to botocore's own."""

import errno
from collections.abc import Iterator

from gitops_models.errors import GmError

INCONSISTENT = "GM-A622"


class OtherRangeError(OSError):
    """A remote that was asked for the rest of an object answered with something else."""


_CREDENTIALS = frozenset({"AuthError", "NoCredentialsError", "PermissionDenied"})
_NO_DRIVER = frozenset({"RemoteMissingDepsError"})
_MISCONFIGURED = frozenset({"ConfigError", "RemoteConfigError"})
_UNKNOWN_HOST = "HostKeyNotVerifiable"
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
    code, what = _meaning(error)
    return GmError(code, f"{what}: {error}", where=where)


def _meaning(error: Exception) -> tuple[str, str]:
    kind = type(error).__name__
    chain = [error, *_causes(error)]
    cases = (
        (isinstance(error, OtherRangeError), INCONSISTENT, "the remote cannot go on with an object"),
        (isinstance(error, ImportError) or kind in _NO_DRIVER, "GM-A305", "no driver for this remote"),
        (any(type(each).__name__ == _UNKNOWN_HOST for each in chain), "GM-A625", "the remote's host key is not known"),
        (any(_is_about_credentials(each) for each in chain), "GM-A322", "the remote refused the credentials"),
        (kind in _MISCONFIGURED, "GM-A301", "the remote's configuration is not usable"),
    )
    unreachable = ("GM-A321", f"the remote cannot be reached: {kind}")
    return next(((code, what) for holds, code, what in cases if holds), unreachable)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_about_credentials(error: BaseException) -> bool:
    if type(error).__name__ in _CREDENTIALS or getattr(error, "status", None) in _NOT_ALLOWED:
        return True
    return isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM}
