"""The registry as plain values: names, documents, snapshots, changes and the state they fold into.

Pure: no Git, no files, no processes, no clock. Bytes come in through a ``snapshot.BlobSource``.
Import from the modules; this package imports none of them, so that names and texts cost nothing at start-up.
"""
