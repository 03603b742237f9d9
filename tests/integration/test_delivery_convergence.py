"""Whatever state a directory is in, one round makes it what is desired and the next finds nothing to do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_models.delivery.plan import drift
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import LinkState, ModelStage, Standing
from tests.support.delivery import Bytes, deployment, desired, settle

AT = ModelStage("fraud", "production")
SMALL = [deployment(f"1.{n}.0", {"w": bytes([n]), "d/x": bytes([n, n])}) for n in range(4)]
CONTENT = Bytes({f"1.{n}.0": {"w": bytes([n]), "d/x": bytes([n, n])} for n in range(4)})
HARMS = st.sampled_from(
    [
        "nothing",
        "unlink",
        "relink",
        "foreign",
        "directory",
        "bytes",
        "extra",
        "lost",
        "note",
        "previous",
        "entry",
        "tmp",
    ]
)


def harm_place(place, harm, pick):
    """Do what a careless or hostile hand could do to a stage directory."""
    live = place / (place / "current").readlink() if (place / "current").is_symlink() else None
    entries = sorted((place / "store").glob("[!.]*")) if (place / "store").is_dir() else []
    if harm == "tmp" and entries:
        (place / "store" / ".x.new").mkdir(exist_ok=True)
        (place / ".current.new").unlink(missing_ok=True)
        (place / ".current.new").symlink_to("store/x")
    if harm == "note":
        (place / "deployed.json").unlink(missing_ok=True)
    if harm == "previous" and place.is_dir():
        (place / "previous").unlink(missing_ok=True)
        (place / "previous").symlink_to(f"store/{pick.digest}")
    if harm == "entry" and entries:
        entries[0].chmod(0o755)
        (entries[0] / "more").write_bytes(b"more")
    if harm in ("unlink", "relink", "foreign", "directory") and live:
        (place / "current").unlink()
        if harm == "directory":
            (place / "current").mkdir()
        elif harm != "unlink":
            (place / "current").symlink_to(f"store/{pick.digest}" if harm == "relink" else "/nowhere")
    if live is None or not live.is_dir() or harm not in ("bytes", "extra", "lost"):
        return
    live.chmod(0o755)
    if harm == "lost":
        (live / "w").unlink(missing_ok=True)
    else:
        (live / ("w" if harm == "bytes" else "z")).unlink(missing_ok=True)
        (live / ("w" if harm == "bytes" else "z")).write_bytes(b"harm")


@st.composite
def wanted_states(draw):
    wanted = draw(st.sampled_from([None, *SMALL]))
    others = [other for other in SMALL if other != wanted]
    barred = frozenset(other.digest for other in draw(st.lists(st.sampled_from(others), max_size=2)))
    keep = frozenset(other.digest for other in draw(st.lists(st.sampled_from(SMALL), max_size=1)))
    place = ModelStage("fraud", "production")
    return desired(wanted, at=place, quarantined=barred, keep=keep)


@settings(max_examples=40)
@given(st.lists(st.tuples(wanted_states(), HARMS, st.sampled_from(SMALL)), min_size=1, max_size=4))
def test_one_round_converges_whatever_was_done_to_the_directory(tmp_path_factory, history):
    target = DirectoryTarget(tmp_path_factory.mktemp("srv"), keep=1)
    place = target.root / "fraud" / "production"
    for wanted, harm, pick in history:
        settle(target, wanted, CONTENT)
        seen = target.observe(AT)
        if wanted.standing is Standing.SERVE:
            assert seen.serves(wanted.deployment.digest)
        else:
            assert seen.link_state is LinkState.MISSING
        assert drift(wanted, seen) == ()
        assert target.plan(wanted, seen) == ()
        assert not wanted.quarantined & {entry.digest for entry in seen.entries}
        harm_place(place, harm, pick)
