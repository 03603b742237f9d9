"""``gm`` and ``python -m gitops_models``."""

import gc
import os
import sys

# Start-up allocates much and frees nothing: collecting meanwhile, and once more at the end, is a fifth of it.
GARBAGE_THRESHOLD = 200_000


def main() -> None:
    """Run the command line and exit with its status."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    # Whatever else is installed has no say in how a document is read.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"
    if sys.argv[1:] == ["hook", "pre-receive"]:
        from gitops_models.cli.door import pre_receive  # noqa: PLC0415 - every push waits for it: no parser is imported

        sys.exit(pre_receive())
    from gitops_models.cli.run import run  # noqa: PLC0415 - `import gitops_models.__main__` must cost nothing

    status = run(sys.argv[1:])
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
