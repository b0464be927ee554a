"""The time in SQL, in seconds since the epoch: the database's own where many machines share it."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

OF_A_FILE = "now_in_seconds"
"""The function that every connection to a file has: the clock of its process."""


class now(FunctionElement[float]):  # noqa: N801 - read in statements, like SQLAlchemy's own
    """The time at which a statement runs."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _of_a_file(_element: now, _compiler: Any, **_: Any) -> str:
    return f"{OF_A_FILE}()"


@compiles(now, "postgresql")
def _of_a_server(_element: now, _compiler: Any, **_: Any) -> str:
    # Not clock_timestamp(): that one may change within a statement, so no index serves it.
    return "CAST(EXTRACT(epoch FROM statement_timestamp()) AS FLOAT)"
