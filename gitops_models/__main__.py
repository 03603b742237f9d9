"""``gm`` and ``python -m gitops_models``."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["hook", "pre-receive"]:
        from gitops_models.cli.door import pre_receive  # noqa: PLC0415 - every push waits for it: no parser is imported

        sys.exit(pre_receive())
    from gitops_models.cli.run import run  # noqa: PLC0415 - `import gitops_models.__main__` must cost nothing

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
