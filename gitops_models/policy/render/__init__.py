"""A verdict in the forms that ``gm check --format`` knows, one a module. Pure strings and plain objects.

Everything that comes from documents or commits passes through ``visible`` so that no control or bidirectional
character reaches a terminal or a log. Import the module of the form you print: who prints text needs no other.
"""
