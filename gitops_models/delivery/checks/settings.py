"""Which checks a reconciler runs and with what: part of the operator's own file, never of the repository."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gitops_models.delivery.checks.fill import known_words
from gitops_models.delivery.fields import Place, distinct, local, web_parts
from gitops_models.registry.documents import Part
from gitops_models.registry.documents._base import Items, Line, Name, about
from gitops_models.registry.documents.repository import Glob

_CASES = "golden/{model}/{version}.json"
_ADDRESS = "http://127.0.0.1:8080"


def _web_address(text: str) -> str:
    web_parts(known_words(text))
    return text


Words = Annotated[Line, AfterValidator(known_words)]
File = Annotated[Place, AfterValidator(known_words)]
Address = Annotated[Line, AfterValidator(_web_address)]
Command = Annotated[Items[Words], Field(min_length=1, max_length=64)]
Tolerance = Annotated[float, Field(ge=0)]


class CheckPart(Part):
    """What every check has: where it applies, how often it is tried, and whether a version may do without it."""

    id: Annotated[Name, about("Name of the check; policies/targets.yaml and records use it.", "answers")]
    targets: Annotated[Items[Name] | None, about("Targets it applies to; all when absent.", ["serving-eu"])] = None
    stages: Annotated[Items[Name] | None, about("Stages it applies to; all when absent.", ["production"])] = None
    models: Annotated[Items[Glob] | None, about("Models it applies to, as patterns; all when absent.", ["fraud*"])] = (
        None
    )
    required: Annotated[bool, about("Whether a version that does not pass must not be served.", example=True)] = True
    timeout: Annotated[float, Field(gt=0, le=600), about("Seconds that one attempt may take.", 10)] = 10
    retries: Annotated[int, Field(ge=0, le=20), about("Further attempts when it does not pass.", 2)] = 2
    pause: Annotated[float, Field(ge=0, le=60), about("Seconds between two attempts.", 1)] = 1

    @property
    def early(self) -> bool:
        """Whether it looks at the bytes before the switch."""
        return False


class Served(CheckPart):
    """A check that asks the server by the Open Inference Protocol (V2)."""

    url: Annotated[Address, about("Where the server answers, up to before /v2.", _ADDRESS)]
    name: Annotated[Words, about("Name of the model there.", "{model}")] = "{model}"


class ServedVersion(Served):
    """The server itself says that it serves the digest."""

    use: Annotated[Literal["served-version"], about("The kind of check.", "served-version")]


class Golden(Served):
    """Known inputs give known outputs."""

    use: Annotated[Literal["golden"], about("The kind of check.", "golden")]
    cases: Annotated[File, about("JSON file of inputs and expected outputs; {path} is what is served.", _CASES)]
    absolute: Annotated[Tolerance, about("Difference that is no difference.", 1e-6)] = 1e-6
    relative: Annotated[Tolerance, about("The same as a part of the expected value.", 1e-5)] = 1e-5
    accuracy_above: Annotated[
        float | None, Field(ge=0, lt=1), about("Part of the cases that must fit, strictly; all when absent.", 0.9)
    ] = None


class Latency(Served):
    """Answers come fast enough, at the 95th percentile, with so many clients at once."""

    use: Annotated[Literal["latency"], about("The kind of check.", "latency")]
    cases: Annotated[File, about("JSON file whose inputs are sent in turn.", _CASES)]
    p95_below_ms: Annotated[
        float | None, Field(gt=0), about("Milliseconds that 95 of 100 answers stay below.", 100.0)
    ] = None
    requests: Annotated[int, Field(ge=1, le=100_000), about("How many requests are measured.", 200)] = 200
    concurrency: Annotated[int, Field(ge=1, le=64), about("How many clients ask at once.", 8)] = 8


class Metric(CheckPart):
    """A number, from a command, an address or a source of the same file, stays within its limits."""

    use: Annotated[Literal["metric"], about("The kind of check.", "metric")]
    command: Annotated[
        Command | None, about("Program and arguments; it prints one number.", ["/opt/gm/accuracy", "{model}"])
    ] = None
    url: Annotated[Address | None, about("Address that answers with JSON.", f"{_ADDRESS}/metrics/{{model}}")] = None
    field: Annotated[
        Line | None, about("Where the number stands in that answer, as a JSON pointer.", "/data/accuracy")
    ] = None
    source: Annotated[Name | None, about("A source of this file, by its id.", "prometheus-main")] = None
    query: Annotated[
        Line | None, about("What that source is asked, as in triggers.", 'accuracy{version="{{version}}"}')
    ] = None
    above: Annotated[float | None, about("The number must be greater.", 0.9)] = None
    below: Annotated[float | None, about("The number must be smaller.", 0.2)] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.command, self.url, self.source].count(None) != 2:  # noqa: PLR2004 - one of three
            raise ValueError("name either a command, a url or a source")
        if self.query is not None and self.source is None:
            raise ValueError("query goes with a source")
        if (self.url is None) != (self.field is None):
            raise ValueError("url and field go together")
        if self.field is not None and not self.field.startswith("/"):
            raise ValueError("field is a JSON pointer: it begins with a slash")
        return self


class Scan(CheckPart):
    """The files are looked into for what would run when they are loaded."""

    use: Annotated[Literal["scan"], about("The kind of check.", "scan")]
    allow: Annotated[Items[Line], about("Further names that a pickle may import.", ["ours.features.Encoder"])] = ()
    when: Annotated[Literal["before", "after"], about("Before or after the switch.", "after")] = "after"

    @property
    def early(self) -> bool:
        """Whether it looks at the bytes before the switch."""
        return self.when == "before"


class CommandCheck(CheckPart):
    """A program of the operator's own: status 0 passes, 75 could not find out, any other fails."""

    use: Annotated[Literal["command"], about("The kind of check.", "command")]
    command: Annotated[Command, about("Program and arguments.", ["/opt/gm/weights-scan", "{path}"])]
    when: Annotated[Literal["before", "after"], about("Before or after the switch.", "before")] = "after"

    @property
    def early(self) -> bool:
        """Whether it looks at the bytes before the switch."""
        return self.when == "before"


class InterfaceCheck(CheckPart):
    """The files take and give what consumers, the model's promise or the live version do."""

    use: Annotated[Literal["interface"], about("The kind of check.", "interface")]

    @property
    def early(self) -> bool:
        """Whether it looks at the bytes before the switch."""
        return True


Check = Annotated[
    ServedVersion | Golden | Latency | Metric | Scan | CommandCheck | InterfaceCheck, Field(discriminator="use")
]


CheckList = Annotated[
    Annotated[Items[Check], Field(max_length=64), distinct("checks")],
    about(
        "What is looked at before and after a switch.",
        [{"id": "answers", "use": "golden", "url": _ADDRESS, "cases": _CASES}],
    ),
]


def absolute(checks: tuple[Check, ...], base: Path) -> tuple[Check, ...]:
    """Return the checks with the paths of their files, which are relative to ``base``."""
    return tuple(_absolute(check, base) for check in checks)


def _absolute(check: Check, base: Path) -> Check:
    if isinstance(check, Golden | Latency):
        # One that begins with {path} is what is served.
        cases = check.cases if check.cases.startswith("{path}") else local(check.cases, base)
        return check.model_copy(update={"cases": cases})
    if isinstance(check, CommandCheck | Metric) and check.command is not None:
        program, *words = check.command
        # A word with a slash is a file; any other is looked for on PATH.
        return check.model_copy(update={"command": (local(program, base) if "/" in program else program, *words)})
    return check
