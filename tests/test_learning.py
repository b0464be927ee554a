"""A folder is learned, learned again when it changes, and never stopped by one bad file."""

import os
import shutil
from pathlib import Path

import pytest

from bot.errors import KnowledgeError
from bot.knowledge.folder import Skipped
from bot.knowledge.learning import Learned, Note, Progress, forget, forget_path, learn
from bot.knowledge.library import Library
from bot.knowledge.readers import LARGEST
from bot.store.articles import SqlArticles
from bot.store.database import Database


@pytest.fixture
def articles(sqlite_database: Database) -> SqlArticles:
    return SqlArticles(sqlite_database)


@pytest.fixture
def help_centre(tmp_path: Path) -> Path:
    folder = tmp_path / "help"
    write(folder / "keys.md", "# Lost keys\n\n## New ones\n\nWe cut a new key in a day.")
    write(folder / "locks" / "index.mdx", "---\ntitle: Locks\n---\n\nA lock lasts ten years.")
    write(folder / "opening hours.html", "<h1>Hours</h1><p>We open the shop at nine.")
    write(folder / "logo.svg", "<svg/>")
    return folder


def write(file: Path, text: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


async def links(articles: SqlArticles, question: str) -> list[str]:
    found = await Library(articles=articles).search(question)
    return [passage.link for passage in found]


async def test_a_folder_is_learned(articles: SqlArticles, help_centre: Path) -> None:
    assert await learn([help_centre], articles=articles) == Learned(read=3, passages=3)
    assert await articles.sources() == {str(help_centre): 3}
    assert await links(articles, "new key") == ["keys.md#new-ones"]
    assert await links(articles, "lock") == ["locks/index.mdx"]
    assert await links(articles, "open") == ["opening%20hours.html"]


async def test_links_lead_to_where_the_articles_stand(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles, link="https://larkmoor.example/help/")
    assert await links(articles, "new key") == ["https://larkmoor.example/help/keys#new-ones"]
    assert await links(articles, "lock") == ["https://larkmoor.example/help/locks"]
    assert await links(articles, "open") == ["https://larkmoor.example/help/opening%20hours"]


async def test_a_description_is_found_and_never_quoted(
    articles: SqlArticles, help_centre: Path
) -> None:
    front = "---\ndescription: How to engrave things.\n---\n\n"
    write(help_centre / "plates.md", f"{front}# Plates\n\nWe write on brass.\n\n## Price\n\nTen.")
    await learn([help_centre], articles=articles)
    (found,) = await Library(articles=articles).search("engrave")
    assert (found.link, found.text) == ("plates.md#plates", "We write on brass.")


async def test_a_second_time_nothing_is_read(articles: SqlArticles, help_centre: Path) -> None:
    await learn([help_centre], articles=articles)
    assert await learn([help_centre], articles=articles) == Learned(unchanged=3)


async def test_only_what_changed_is_read(articles: SqlArticles, help_centre: Path) -> None:
    await learn([help_centre], articles=articles)
    write(help_centre / "keys.md", "A key costs five dollars.")
    assert await learn([help_centre], articles=articles) == Learned(read=1, unchanged=2, passages=1)
    assert await links(articles, "new key in a day") == ["keys.md"]


async def test_other_links_or_languages_read_all_anew(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    again = await learn([help_centre], articles=articles, link="https://larkmoor.example")
    assert again.read == 3
    again = await learn([help_centre], articles=articles, language="german")
    assert again.read == 3


async def test_what_vanished_is_forgotten(articles: SqlArticles, help_centre: Path) -> None:
    await learn([help_centre], articles=articles)
    (help_centre / "keys.md").unlink()
    shutil.rmtree(help_centre / "locks")
    assert await learn([help_centre], articles=articles) == Learned(unchanged=1, removed=2)
    assert await links(articles, "new key lock") == []


async def test_what_is_no_article_any_more_is_forgotten(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    write(help_centre / "keys.md", "---\ndraft: true\n---\n\nA new key.")
    learned = await learn([help_centre], articles=articles)
    assert (learned.removed, [skip.path for skip in learned.skipped]) == (1, ["keys.md"])
    assert await links(articles, "new key") == []


async def test_progress_is_told_file_by_file(articles: SqlArticles, help_centre: Path) -> None:
    told: list[Progress] = []
    await learn([help_centre], articles=articles, progress=told.append)
    assert [(progress.path, progress.done, progress.total) for progress in told] == [
        ("keys.md", 1, 3),
        ("locks/index.mdx", 2, 3),
        ("opening hours.html", 3, 3),
    ]


# --- Places --------------------------------------------------------------------------------------


async def test_a_single_file_is_learned_and_nothing_else_forgotten(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    write(help_centre / "locks" / "index.mdx", "A lock lasts twenty years.")
    learned = await learn([help_centre / "locks" / "index.mdx"], articles=articles)
    assert learned == Learned(read=1, passages=1)
    assert await articles.sources() == {str(help_centre): 3}


async def test_a_folder_within_a_known_one_is_a_part_of_it(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    (help_centre / "locks" / "index.mdx").unlink()
    assert (await learn([help_centre / "locks"], articles=articles)).removed == 1
    assert await articles.sources() == {str(help_centre): 2}


async def test_a_folder_around_a_known_one_takes_it_in(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre / "locks"], articles=articles)
    await learn([help_centre], articles=articles)
    assert await articles.sources() == {str(help_centre): 3}
    assert await links(articles, "lock") == ["locks/index.mdx"]


async def test_one_folder_named_twice_is_learned_once(
    articles: SqlArticles, help_centre: Path
) -> None:
    twice = [help_centre, help_centre / "locks" / ".."]
    assert await learn(twice, articles=articles) == Learned(read=3, passages=3)


async def test_a_folder_beside_a_single_file_stays_a_folder_of_its_own(
    articles: SqlArticles, help_centre: Path
) -> None:
    faq = help_centre.parent / "faq.md"
    write(faq, "# Doors\n\nA door needs a frame.")
    for order in ([help_centre, faq], [faq, help_centre]):
        await learn(order, articles=articles)
        assert await articles.sources() == {str(help_centre): 3, str(faq.parent): 1}


@pytest.mark.parametrize("first", ["outer", "inner"])
async def test_a_folder_named_with_one_within_it_is_learned_once(
    articles: SqlArticles, help_centre: Path, first: str
) -> None:
    both = [help_centre, help_centre / "locks"]
    await learn(both if first == "outer" else both[::-1], articles=articles)
    assert await articles.sources() == {str(help_centre): 3}


async def test_a_folder_can_be_forgotten(articles: SqlArticles, help_centre: Path) -> None:
    await learn([help_centre], articles=articles)
    assert await forget(help_centre, articles=articles) == 3
    assert await articles.sources() == {}


async def test_what_lay_in_a_folder_can_be_forgotten(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    assert await forget_path(help_centre / "locks", articles=articles) == 1
    assert await articles.sources() == {str(help_centre): 2}
    with pytest.raises(KnowledgeError, match=f"Nothing was learned .* Learned: {help_centre}"):
        await forget_path(help_centre.parent, articles=articles)


async def test_a_folder_that_is_suddenly_empty_is_not_forgotten(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    for name in ("keys.md", "locks", "opening hours.html"):
        shutil.move(help_centre / name, help_centre.parent / name)
    with pytest.raises(KnowledgeError, match=r"3 articles learned .* bot forget /.*help"):
        await learn([help_centre], articles=articles)
    assert await articles.sources() == {str(help_centre): 3}


async def test_a_folder_that_does_not_exist_is_named(
    articles: SqlArticles, help_centre: Path
) -> None:
    with pytest.raises(KnowledgeError, match=r"hepl' does not exist\. Did you mean '.*help'\?"):
        await learn([help_centre.parent / "hepl"], articles=articles)
    with pytest.raises(KnowledgeError, match=r"does not exist\. Give a folder"):
        await learn(["/nowhere/at/all"], articles=articles)


async def test_a_file_of_another_kind_is_refused(articles: SqlArticles, help_centre: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"logo\.svg' is not read\. .*\.md"):
        await learn([help_centre / "logo.svg"], articles=articles)


async def test_a_link_that_leads_to_itself_is_refused(
    articles: SqlArticles, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(KnowledgeError, match="does not exist"):
        await learn([tmp_path / "loop"], articles=articles)


# --- Bad files -----------------------------------------------------------------------------------


async def test_bad_files_are_skipped_and_told_of(articles: SqlArticles, help_centre: Path) -> None:
    write(help_centre / "a.md", b"\x7fELF\0\0\0")
    write(help_centre / "b.md", "")
    with (help_centre / "c.md").open("wb") as file:
        file.truncate(LARGEST + 1)
    (help_centre / "d.md").symlink_to(help_centre / "d.md")
    write(help_centre / "e.pdf", b"%PDF")
    os.mkfifo(help_centre / "f.md")
    write(help_centre / ".hidden.md", "A secret key.")
    (help_centre / "round").symlink_to(help_centre)
    learned = await learn([help_centre], articles=articles)
    assert (learned.read, learned.passages) == (3, 3)
    assert set(learned.skipped) == {
        Skipped("a.md", "it is not text"),
        Skipped("b.md", "it has no words"),
        Skipped("c.md", "it is larger than 10 MB"),
        Skipped("d.md", "too many levels of symbolic links", may_stay=True),
        Skipped("e.pdf", "pdf files are not read; export it as HTML or Markdown"),
    }


async def test_a_folder_without_an_article_is_told_of(
    articles: SqlArticles, help_centre: Path
) -> None:
    write(help_centre / "pictures" / "logo.svg", "<svg/>")
    learned = await learn([help_centre, help_centre / "pictures"], articles=articles)
    (skipped,) = learned.skipped
    assert (skipped.path, learned.read) == (str(help_centre / "pictures"), 3)
    assert skipped.reason.startswith("there is no article in it; articles are .htm, .html, ")


@pytest.mark.parametrize(
    ("front", "note"),
    [
        ("title: [unclosed", "YAML; only title and description are taken from it"),
        ("author: [unclosed", "YAML, so it is read as text"),
        ("Only words between two rules.", ""),
    ],
)
async def test_broken_front_matter_is_told(
    articles: SqlArticles, tmp_path: Path, front: str, note: str
) -> None:
    write(tmp_path / "a.md", f"---\n{front}\n---\n\nCall us.")
    learned = await learn([tmp_path], articles=articles)
    expected = (Note("a.md", f"its front matter is no {note}"),) if note else ()
    assert (learned.read, learned.notes) == (1, expected)


async def test_a_name_that_no_database_keeps_is_skipped(
    articles: SqlArticles, help_centre: Path
) -> None:
    (help_centre / os.fsdecode(b"caf\xe9.md")).write_text("A new key.")
    learned = await learn([help_centre], articles=articles)
    assert [(skip.path, learned.read) for skip in learned.skipped] == [("caf?.md", 3)]


async def test_what_cannot_be_seen_for_now_is_still_known(
    articles: SqlArticles, help_centre: Path
) -> None:
    await learn([help_centre], articles=articles)
    (help_centre / "keys.md").unlink()
    (help_centre / "keys.md").symlink_to(help_centre / "keys.md")
    shutil.rmtree(help_centre / "locks")
    (help_centre / "locks").symlink_to(help_centre / "locks")
    learned = await learn([help_centre], articles=articles)
    assert (learned.removed, len(learned.skipped)) == (0, 2)
    assert await links(articles, "new key") == ["keys.md#new-ones"]


async def test_a_folder_that_cannot_be_opened_for_now_is_still_known(
    articles: SqlArticles, help_centre: Path, tmp_path: Path
) -> None:
    write(tmp_path / "first" / "doors.md", "A door needs a frame.")
    await learn([help_centre], articles=articles)

    def unmount(_: Progress) -> None:
        shutil.rmtree(help_centre)

    both = [tmp_path / "first", help_centre]
    learned = await learn(both, articles=articles, progress=unmount)
    assert (learned.read, learned.removed, len(learned.skipped)) == (1, 0, 1)
    assert await links(articles, "new key") == ["keys.md#new-ones"]


async def test_a_file_of_one_line_is_learned(articles: SqlArticles, help_centre: Path) -> None:
    write(help_centre / "long.md", "Every key fits a lock. " * 40_000)
    learned = await learn([help_centre / "long.md"], articles=articles)
    assert learned.read == 1
    assert learned.passages > 500
