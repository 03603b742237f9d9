"""Colleagues on the fake of GitHub whose merges on the page are vouched for by receipts."""

from gitops_models.registry import yamls
from gitops_models.trust.records import Receipt
from gitops_models.workflows.promote import Promotion, promote
from gitops_models.workflows.receipt import receipts
from gitops_models.workflows.receiptpens import key_pen
from gitops_models.workflows.receiptpulls import pull_requests
from gitops_models.workflows.review import check, find_proposal
from tests.support.colleagues import ACTIONS, Colleagues
from tests.support.keys import ed25519_key


class Scribed(Colleagues):
    """Colleagues whose people file has a workload with a key that signs receipts."""

    def _documents(self):
        files = super()._documents()
        people = yamls.load(files["policies/people.yaml"], "people.yaml")
        key = {"type": "ssh", "key": ed25519_key("scribe").public_key}
        scribe = {"id": "scribe", "emails": ["scribe@example.org"], "keys": [key], "may": ["receipt"]}
        workloads = [*people["workloads"], scribe]
        return {**files, "policies/people.yaml": yamls.dump({**people, "workloads": workloads})}

    def promote(self):
        """Open the promotion of ``fraud`` as an engineer; its number."""
        with self.acting("engineer") as session:
            return promote(session, Promotion("fraud@1.0.0", "it is better", to="staging")).proposal.number

    def receipt(self, *words):
        """The real command, with the token of a workflow."""
        return self.gm_at(self.clone("scribe"), ACTIONS, "receipt", "--sign", "key", *words)

    def give(self):
        """The same in this process."""
        with self.acting("scribe", ACTIONS) as session:
            return receipts(session, pull_requests(session), key_pen)

    def verdict(self, number):
        """What a proposal is worth now, as anybody sees it."""
        with self.acting("engineer") as session:
            return check(session, find_proposal(session, str(number))).verdict

    def live(self):
        state = self.judged().state.snapshot.stage_state("fraud", "staging")
        return state.version if state else None

    def said(self):
        """The reviews in the newest receipt of the last step."""
        step = self.judged().steps[-1]
        found = [one.body for one in self.registry.ledger.records(step.change_id) if isinstance(one.body, Receipt)]
        return [(one.user_id, one.state) for one in found[-1].reviews]
