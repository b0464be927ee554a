"""Many ids as one parameter: the statement stays the same, however many they are."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Select, Text, bindparam, cast, column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _elements(FunctionElement[str]):  # noqa: N801 - read in statements, like SQLAlchemy's own
    """The elements of a JSON array, each a row with a ``value``."""

    inherit_cache = True


@compiles(_elements, "sqlite")
def _of_a_file(element: _elements, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_elements, "postgresql")
def _of_a_server(element: _elements, compiler: Any, **how: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS JSON))"


def listed(name: str) -> Select[tuple[int]]:
    """Select the ids that the parameter ``name`` holds, which ``to_list`` makes."""
    elements = _elements(bindparam(name, type_=Text())).table_valued(column("value"), name=name)
    return select(cast(elements.c.value, BigInteger))


def to_list(ids: Iterable[int]) -> str:
    return json.dumps(list(ids))
