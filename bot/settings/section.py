"""What every section of ``bot.toml`` has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of ``bot.toml``, or a part of one."""

    # A default is checked like a written value: the folder of the file matters to it as well.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        revalidate_instances="always",
        allow_inf_nan=False,
    )
