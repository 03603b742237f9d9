"""Codes of `gm policy lint` (GM-P720 to GM-P738: policy, people, waivers), policy tests and `gm policy explain`."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-P720": Code("empty quorum", Exit.DENIED, "write `none` where nobody else has to agree"),
    "GM-P721": Code("role that the policy does not list", Exit.DENIED, "correct the role, or list it under `roles`"),
    "GM-P722": Code("role without effect", Exit.DENIED, "ask for it somewhere, or take it out of `roles`"),
    "GM-P723": Code(
        "quorum that cannot be met", Exit.DENIED, "name enough distinct people: `gm trust people add ID --role ROLE`"
    ),
    "GM-P724": Code(
        "quorum that cannot be met soon",
        Exit.DENIED,
        "renew `until` or training, or name further people: `gm trust people`",
    ),
    "GM-P725": Code("stage that cannot be reached", Exit.DENIED, "make its demand one that somebody can meet"),
    "GM-P726": Code("freeze that never ends", Exit.DENIED, "give it a `last` day, hours, or fewer days"),
    "GM-P727": Code("external person without an end", Exit.DENIED, "give the last day: `until` in people.yaml"),
    "GM-P728": Code("stage rule without effect", Exit.DENIED, "take it out, or say what it asks for"),
    "GM-P729": Code("floor without effect", Exit.DENIED, "correct its pattern or use, or take it out"),
    "GM-P730": Code("higher risk asks for less", Exit.DENIED, "let a higher risk ask for at least as many people"),
    "GM-P731": Code("nobody may begin", Exit.DENIED, "give somebody the role: `gm trust people add ID --role ROLE`"),
    "GM-P732": Code("condition without effect", Exit.DENIED, "correct its stage, its figures or its id"),
    "GM-P734": Code("fallback that is not there", Exit.DENIED, "name a version that is registered, and keep its bytes"),
    "GM-P735": Code("expired waiver", Exit.DENIED, "remove it: it is kept in history"),
    "GM-P736": Code("waiver for a long time", Exit.DENIED, "let it expire within 90 days, or change the policy"),
    "GM-P737": Code("waiver for everything", Exit.DENIED, "name the model, and the version where that is enough"),
    "GM-P738": Code("waiver without effect", Exit.DENIED, "correct its models or its stage, or remove it"),
    "GM-P733": Code("policy test cannot be set up", Exit.USAGE, "correct what the test gives or proposes"),
    "GM-C209": Code("there is no such code", Exit.NOT_FOUND, "see docs/reference/codes.md"),
    "GM-C210": Code("no policy test", Exit.NOT_FOUND, "write one under policies/tests/, or name another path"),
}
