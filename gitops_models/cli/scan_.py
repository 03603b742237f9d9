"""gm scan."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from gitops_models.artifacts.scan import Scanned, ScanReport


class Risk(StrEnum):
    """Risks of the policy."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


Allow = Annotated[list[str] | None, typer.Option(metavar="MODULE.NAME", help="A class that pickles may name.")]
Artifacts = Annotated[str | None, typer.Option(metavar="URL", help="Read the bytes of a version from here.")]


def command(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="PATH|REF", help="A file, a folder, or fraud@1.2.0.")],
    *,
    risk: Annotated[Risk | None, typer.Option(help="Of a path: high and critical take no format with code.")] = None,
    allow: Allow = None,
    artifacts: Artifacts = None,
) -> None:
    """Say whether a model file runs code when it is loaded, without loading it."""
    options = of(context)
    path = Path(what)
    if path.exists() or path.is_symlink():
        from gitops_models.workflows.scanning import scan_path

        report = scan_path(path, risk=risk.value if risk else None, allow=allow or ())
    else:
        from gitops_models.cli.progress import bytes_bar
        from gitops_models.workflows.scanning import scan_version

        if risk is not None:
            raise typer.BadParameter("--risk is for a path; a version has the risk of its model")
        session = open_here(options)
        with bytes_bar(options, "fetching") as progress:
            report = scan_version(session, what, allow=allow or (), artifacts=artifacts, progress=progress)
    emit(options, "Scan", _body(report), [_line(file, report) for file in report.files])
    _refuse(report)
    next_step(options, f"gm register MODEL {what} -m TEXT" if path.exists() else f"gm show {what}")


def _refuse(report: "ScanReport") -> None:
    """Raise the first finding's code, with every finding below it."""
    from gitops_models.errors import GmError

    if report.clean:
        return
    first, *rest = report.findings
    more = f" ({len(rest)} more)" if rest else ""
    message = f"{first.path} {first.what}{more}"
    raise GmError(first.code, message, where=first.path, details=[f"{one.code} {one}" for one in rest])


def _body(report: "ScanReport") -> dict[str, Any]:
    return {
        "clean": report.clean,
        "files": [
            {"path": file.path, "format": file.format, "size": file.size, "imports": list(file.imports)}
            for file in report.files
        ],
        "findings": [
            {"path": one.path, "code": one.code, "what": one.what, "offset": one.offset} for one in report.findings
        ],
    }


def _line(file: "Scanned", report: "ScanReport") -> str:
    found = sum(one.path == file.path or one.path.startswith(f"{file.path}!") for one in report.findings)
    verdict = f"{found} findings" if found else "clean"
    return f"{file.path}  {file.format or 'unknown'}  {file.size} bytes  {len(file.imports)} imports  {verdict}"
