"""Git access: objects, snapshots, history, writer, refs, transport, work tree.

The only room that imports pygit2 and GitPython. Import the module you need; this package imports none of them, so that
a command that does not touch Git does not pay for it.
"""
