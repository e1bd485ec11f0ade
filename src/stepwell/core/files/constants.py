"""Names that stand for literal texts in a Python file: constants of the module, and what a loop goes through."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.core.files.pytree import Function

Constants = Mapping[str, Sequence[ast.Constant]]


def constants_of(body: Sequence[ast.stmt]) -> Constants:
    """What the names of a module stand for that are given a text, or a list of texts, once."""
    found: dict[str, Sequence[ast.Constant]] = {}
    own = [
        node for node in body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    for node in own:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            texts = texts_of(node.value, {})
            found |= {target.id: texts for target in targets if isinstance(target, ast.Name) and texts}
    return _but(found, (name for name, count in _stored(own).items() if count > 1))


def constants_in(function: Function, constants: Constants) -> Constants:
    """The same within a function: its own names hide those of the module; a loop gives its name to each text."""
    stored = _stored(function.body)
    known = dict(_but(constants, stored))
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and stored[node.target.id] == 1:
            known[node.target.id] = texts_of(node.iter, constants)
    return known


def texts_of(node: ast.expr, known: Constants) -> Sequence[ast.Constant]:
    """The texts that an expression is, if it is one, a list of some, or a name for such; else none."""
    if isinstance(node, ast.Name):
        return known.get(node.id, ())
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    texts = [item for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return texts if len(texts) == len(items) else ()


def _but(constants: Constants, names: Iterable[str]) -> Constants:
    hidden = set(names)
    return {name: texts for name, texts in constants.items() if name not in hidden}


def _stored(body: Sequence[ast.stmt]) -> Counter[str]:
    """How often each name is given a value, anywhere in these statements."""
    return Counter(
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
