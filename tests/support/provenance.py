"""A registry whose production asks for provenance by the workload ``trainer``, and runs of CI that sign it."""

import json

from gitops_models.registry import yamls
from gitops_models.registry.canonical import jcs
from gitops_models.trust.keyless.provenance import write_provenance
from gitops_models.trust.keyless.sign import keyless_signer
from tests.support import stories
from tests.support.registry import people_document
from tests.support.sigstore_loopback import github_claims

COMMIT = "1" * 40
ROOT = "policies/sigstore-trusted-root.json"
ASKS = {"stage_rules": {"production": {"provenance": ["trainer"]}}}
ATTACHED = "models/fraud/versions/1.0.0/evidence/lineage.sigstore.json"


def workflow(stack, **changes):
    """The workflow of acme/registry at main as people.yaml declares it."""
    claims = github_claims()
    return {
        "identity": claims["workflow_url"],
        "issuer": stack.url,
        "repository_id": claims["repository_id"],
        "owner_id": claims["repository_owner_id"],
        "ref": claims["ref"],
        **changes,
    }


def with_workloads(*workloads):
    """The people of the stories with these workloads beside the others."""
    people = yamls.load(people_document(stories.CROWD), "people.yaml")
    return yamls.dump({**people, "workloads": [*people["workloads"], *workloads]})


def trainer(stack, **changes):
    return {"id": "trainer", "may": ["provenance"], "workflows": [workflow(stack)], **changes}


def asking(path, stack, *, workloads=None, root=True, code=True, **fields):
    """``fraud`` 1.0.0, of the commit that CI builds, in staging."""
    story = stories.registry(path, changes=ASKS)
    files = {"policies/people.yaml": with_workloads(*([trainer(stack)] if workloads is None else workloads))}
    if root:
        files[ROOT] = json.dumps(stack.root).encode() if root is True else root
    story.pin = story.commit(files, land=True)
    story.version("fraud", "1.0.0", **({"code": {"commit": COMMIT}} if code else {}), **fields)
    story.live("fraud", "1.0.0", "staging")
    return story


def statement(story, version="1.0.0"):
    """The statement that gm makes of a version, as fields."""
    accepted = story.history().state.snapshot
    payload = write_provenance(
        accepted.lineage("fraud", version), accepted.lineage_sha256("fraud", version), "a run of CI"
    )
    return json.loads(payload)


def sign(stack, folder, fields, **claims):
    """The bundle of a run of CI with these claims around a statement."""
    config = folder / "config.json"
    config.write_text(json.dumps(stack.config()))
    stack.claims = {key: value for key, value in github_claims(**claims).items() if value is not None}
    return keyless_signer(config, token=stack.token()).sign_statement(jcs(fields))


def attach(story, data, path=ATTACHED, by="engineer"):
    """Have signatures attached to a version by an ordinary proposal."""
    files = data if isinstance(data, dict) else {path: data}
    version = next(iter(files)).split("/")[3]
    return story.merge(story.draft("fraud", files, event="evidence", version=version, by=by), by=by)
