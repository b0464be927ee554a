"""What a person of the company does to a conversation, past the bot: takes it over, writes."""

from tests.sql import execute

_TAKE_OVER = """
UPDATE conversations SET owner = 'operator' WHERE id = (SELECT max(id) FROM conversations)
"""
_WRITE = """
INSERT INTO messages (conversation_id, seq, author, text, tokens, stopped, at)
SELECT id, next_seq, 'operator', 'TEXT', 1, 0, latest_at FROM conversations ORDER BY id DESC LIMIT 1
"""
_COUNT = """
UPDATE conversations SET next_seq = next_seq + 1 WHERE id = (SELECT max(id) FROM conversations)
"""


async def take_over(database: str) -> None:
    """Let a person have the newest conversation."""
    await execute(database, _TAKE_OVER)


async def write(database: str, text: str) -> None:
    """Let the person write in the newest conversation."""
    await execute(database, _WRITE.replace("TEXT", text))
    await execute(database, _COUNT)
