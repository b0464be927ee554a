"""Answers plainly what is new in a conversation, for clients whose proxies hold streams back."""

import asyncio
from contextlib import aclosing

from bot.messages import Changed
from bot.store.base import Visit
from channels.web.entries import fitting, state_of, to_views
from channels.web.front import Front
from channels.web.schemas import News

_PAGE = 200


async def news(here: Front, visit: Visit, *, after: int, wait: float) -> News:
    """Return the messages after ``after``; where there is none, wait for something to change.

    After ``wait`` seconds at most, or once the server shall end, it is told that there is none.
    """
    state = state_of(visit.mark)
    if state.seq <= after and wait and not here.streams.stopping:
        changed = await _change(here, visit, seconds=wait)
        state = state_of(changed) if changed else state
    found = await here.app.visits.page(visit.conversation.id, after=after, limit=_PAGE)
    return News(events=await to_views(fitting(found)), state=state)


async def _change(here: Front, visit: Visit, *, seconds: float) -> Changed | None:
    loop = asyncio.get_running_loop()
    try:
        async with (
            asyncio.timeout(seconds) as limit,
            aclosing(here.app.engine.watch(visit.conversation.id)) as heard,
        ):
            with here.streams.opened(lambda: limit.reschedule(loop.time())):
                async for event in heard:
                    if isinstance(event, Changed) and state_of(event) != state_of(visit.mark):
                        return event
    except TimeoutError:
        pass
    return None
