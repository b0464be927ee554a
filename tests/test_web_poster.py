"""A reply to the web is delivered once it is committed."""

from pathlib import Path

from bot.backends.scripted import ScriptedBackend
from bot.messages import Inbound
from channels.web.poster import CHANNEL, WebPoster
from tests.house import house
from tests.sql import until_true


async def test_a_reply_is_delivered_as_soon_as_it_stands_in_the_log(tmp_path: Path) -> None:
    poster = WebPoster()
    claude = ScriptedBackend("Hello.")
    async with house(tmp_path, claude, channels=[CHANNEL], posters=[poster]) as app:
        accepted = await app.engine.accept(
            Inbound(channel=CHANNEL, key="v.1", external_id="v.1/m", text="Hi", customer="v")
        )
        assert accepted.lease
        await until_true(
            f"sqlite:///{tmp_path / 'frontdesk.db'}",
            "SELECT count(*) FROM deliveries WHERE state = 'sent' AND attempts = 1",
        )
        entries = await app.visits.page(accepted.conversation, limit=9)
    assert [entry.message.text for entry in entries] == ["Hi", "Hello."]
