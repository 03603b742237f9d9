"""Telling people: notices go through an outbox on disk to the places that the operator's own file names.

For people's commands (``workflows.notices``)::

    post = post_of(session)                       # a Post without destinations where the operator named none
    post.notify(Notice("emergency-initiated", model="fraud", stage="production", version="1.0.0", replaces="1.1.0",
                       incident="INC-412", reason="poisoned labels", actor="operator-1"))

In the reconciler ``open_post`` (``delivery.notify.assemble``) gives the same ``Post``. ``notify`` keeps the notice on
disk before it sends it, returns what came of it as ``Told`` and never raises: what could not be delivered stays in the
outbox, is a warning in ``Told.warnings`` and ``post.warnings``, and is sent again by the next run. Severity and routes
follow from the kind (``KINDS``); call it after the plan is judged and before anything is done, and never on a dry run.
"""
