"""Mutants that no test can notice, because the program that they make is the same.

One kind only: what ``cast`` is told as its first argument is for type checkers, at run time it is thrown away. Anything
else about such a call counts, and so does every other mutant, whether a test could notice it or not.
"""

import ast
from pathlib import Path

ORIGINAL = "__mutmut_orig"


def of_casts(mutants: Path) -> frozenset[str]:
    """The names of the mutants under ``mutants`` that differ from their function in the type of a cast alone."""
    found = set()
    for path in mutants.glob("gitops_models/policy/**/*.py"):
        content = path.read_text("utf-8")
        if "cast(" in content:
            module = ".".join(path.relative_to(mutants).with_suffix("").parts).removesuffix(".__init__")
            found |= {f"{module}.{name}" for name in _same(ast.parse(content))}
    return frozenset(found)


def _same(tree: ast.Module):
    functions = {
        one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and "__mutmut_" in one.name
    }
    shapes = {name: _shape(one) for name, one in functions.items()}
    for name in functions:
        original = name.partition("__mutmut_")[0] + ORIGINAL
        if name != original and shapes[name] == shapes.get(original):
            yield name


def _shape(function: ast.FunctionDef) -> str:
    return "\n".join(ast.dump(_Untyped().visit(one)) for one in function.body)


class _Untyped(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and len(node.args) == 2:
            node.args[0] = ast.Constant(None)
        return node
