"""The cache and the remote of a DVC repository, made by DVC's own classes from DVC's own configuration."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.cloud_database import CloudDatabase
from gitops_models.artifacts.cloud_errors import cloud_error
from gitops_models.artifacts.cloud_sessions import harden
from gitops_models.artifacts.local_database import LocalDatabase
from gitops_models.artifacts.objects import Database
from gitops_models.artifacts.remotes import check_committed
from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable

_LAYOUT = ("files", "md5")


def open_databases(repo_root: Path, remote: str | None = None) -> tuple[LocalDatabase, Database]:
    """Cache and remote (``core.remote`` when none is named) of the repository; GM-A301 to A306, A611."""
    dvc_dir = repo_root / ".dvc"
    if not dvc_dir.is_dir():
        raise GmError("GM-A306", f"{repo_root} has no .dvc directory", where=str(repo_root))
    committed = dvc_dir / "config"
    if committed.exists():
        check_committed(read_small(committed, "GM-A301"), repo_root)
    config = _config(dvc_dir)
    return _cache(config, dvc_dir), _remote(config, remote)


def _config(dvc_dir: Path) -> Any:
    from dvc.config import Config, ConfigError  # noqa: PLC0415 - DVC takes 0.4 s to import

    try:
        return Config(str(dvc_dir))
    except ConfigError as error:
        raise GmError("GM-A301", str(error), where=str(dvc_dir / "config")) from error


def _cache(config: Any, dvc_dir: Path) -> LocalDatabase:
    """As ``dvc.cachemgr.CacheManager`` does, without the Repo that it needs (0.5 s and a lock)."""
    from dvc.config_schema import LOCAL_COMMON  # noqa: PLC0415 - DVC takes 0.4 s to import

    settings = {str(option): config["cache"][option] for option in LOCAL_COMMON if option in config["cache"]}
    settings["url"] = config["cache"].get("dir") or str(dvc_dir / "cache")
    _, odb, path = _object_database(config, settings)
    return LocalDatabase(odb, path, rehash=False)


def _remote(config: Any, remote: str | None) -> Database:
    name = remote or config["core"].get("remote")
    if not name:
        raise GmError("GM-A302", "no default remote is configured", where=".dvc/config")
    settings, odb, path = _object_database(config, {"name": name})
    if settings.get("worktree") or settings.get("version_aware"):
        raise GmError("GM-A304", f"remote {name} does not store objects by hash", where=name)
    if odb.fs.protocol == "local":
        return LocalDatabase(odb, path, rehash=True)
    return CloudDatabase(odb, f"{odb.fs.protocol}://{path}" if isinstance(odb.fs.protocol, str) else path)


def _object_database(config: Any, settings: dict[str, Any]) -> tuple[dict[str, Any], Any, str]:
    from dvc.fs import get_cloud_fs  # noqa: PLC0415 - DVC takes 0.4 s to import
    from dvc_data.hashfile.db import get_odb  # noqa: PLC0415 - as above

    where = settings.get("name") or settings["url"]
    try:
        kind, options, path = get_cloud_fs(config, **settings)
        system = kind(**options)
        harden(system, ask=True)
        make: Callable[..., Any] = get_odb  # DVC leaves it untyped
        odb = make(system, system.join(path, *_LAYOUT), **(options | {"hash_name": "md5"}))
    except Exception as error:
        raise _config_error(error, where) from error
    return options, odb, path


def _config_error(error: Exception, where: str) -> GmError:
    if type(error).__name__ == "RemoteNotFoundError":
        return GmError("GM-A302", str(error), where=where)
    return cloud_error(error, where)
