"""How a server on asyncio ends without leaving a connection behind."""

import asyncio

_TURNS = 4  # of the loop: taken, made, its task created, its handler begun


async def close(server: asyncio.Server) -> None:
    """Let ``server`` take no more connections; those that it took have met their handler.

    asyncio loses a connection whose server is closed between the turn in which it was taken and
    the next one: nobody closes its socket, until it is collected in the midst of another test.
    """
    loop = asyncio.get_running_loop()
    for each in server.sockets:
        loop.remove_reader(each.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
