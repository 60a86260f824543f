"""Files of a record: each version keeps its own, and a browser gets them without being tricked."""

from __future__ import annotations

import hashlib
import html
import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop, form_of
from tests.admin.kinds.models import Album
from tests.admin.test_restore import address, restore
from tests.admin.test_untouched import NOTHING
from webapp import files
from webapp.files import StoredFile


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.kinds",)}


def png(shade: int = 0) -> bytes:
    """An image of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade]))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def send(client: Any, url: str, fields: dict[str, str] | None = None, **typed: Any) -> Any:
    """Open the form, type, choose files (pairs of content and name), and press Save."""
    found = form_of(client.get(url)) if fields is None else fields
    data = {name: value for name, value in found.items() if not name.endswith("-upload")}
    for name, value in typed.items():
        if isinstance(value, tuple):
            data[f"{name}-upload"] = (io.BytesIO(value[0]), value[1])
        else:
            data[name] = value
    return client.post(url, data=data, content_type="multipart/form-data")


def fetch(client: Any, version: int, column: str = "cover", more: str = "") -> Any:
    """The answer with the file of a version of the album, read to its end."""
    url = f"/admin/album/file/?id=1&version={version}&column={column}{more}"
    answer = client.get(url, buffered=True)
    answer.close()
    return answer


def store(app: Flask) -> list[Path]:
    """Every file of the store, drafts too."""
    return [path for path in Path(app.config["UPLOADS"]).rglob("*") if path.is_file()]


@pytest.fixture
def album(client: Any) -> str:
    """The address of the edit form of an album with a cover."""
    page = send(client, "/admin/album/new/", title="Blue", cover=(png(1), "blue.png"))
    assert page.status_code == 302
    return "/admin/album/edit/?id=1"


def test_a_new_upload_is_a_version_and_the_older_keeps_its_file(
    client: Any, shop: Shop, album: str
) -> None:
    assert send(client, album, cover=(png(2), "blue.png")).status_code == 302
    rows = shop.versions(Album, 1)
    assert [row.cover.sha256 for row in rows] == [
        hashlib.sha256(png(shade)).hexdigest() for shade in (1, 2)
    ]
    assert [fetch(client, version).data for version in (1, 2)] == [png(1), png(2)]


def test_an_untouched_save_makes_no_version(client: Any, shop: Shop, album: str) -> None:
    page = send(client, album)
    assert len(shop.versions(Album, 1)) == 1 and NOTHING in client.get(page.location).text


def test_the_same_file_again_makes_no_version(client: Any, shop: Shop, album: str) -> None:
    assert send(client, album, cover=(png(1), "blue.png")).status_code == 302
    assert len(shop.versions(Album, 1)) == 1


def test_a_removed_file_is_a_version_and_stays_in_the_store(
    app: Flask, client: Any, shop: Shop, album: str
) -> None:
    assert send(client, album, **{"cover-remove": "1"}).status_code == 302
    assert shop.versions(Album, 1)[1].cover is None
    assert len(store(app)) == 1


def test_a_restore_brings_the_old_file_back(client: Any, shop: Shop, album: str) -> None:
    send(client, album, cover=(png(2), "red.png"))
    assert restore(client, address(1, model="album")).status_code == 302
    assert shop.versions(Album, 1)[2].cover.name == "blue.png"
    assert fetch(client, 3).data == png(1)


def test_the_comparison_shows_name_size_and_digest(client: Any, album: str) -> None:
    send(client, album, cover=(png(2), "red.png"))
    text = client.get("/admin/album/compare/?id=1&a=1&b=2").text
    for shade, name in ((1, "blue.png"), (2, "red.png")):
        digest = hashlib.sha256(png(shade)).hexdigest()
        assert f"{name}, {len(png(shade))} bytes, SHA-256 {digest[:16]}" in text


def test_a_refused_form_keeps_what_was_typed_and_the_file(
    client: Any, shop: Shop, album: str
) -> None:
    refused = send(client, album, title="", cover=(png(2), "red.png"))
    assert refused.status_code == 422 and "Chosen and not saved yet: <b>red.png</b>" in refused.text
    assert len(shop.versions(Album, 1)) == 1
    assert send(client, album, form_of(refused), title="Red").status_code == 302
    assert shop.versions(Album, 1)[1].cover.name == "red.png"


@pytest.mark.parametrize(
    ("name", "sent", "word"),
    [
        ("booklet", (bytes(1001), "long.txt"), "too large"),
        ("cover", (b"<svg/>", "x.svg"), "Not an image"),
        ("cover", (b"", "empty.png"), "Not an image"),
    ],
)
def test_a_file_that_does_not_fit_is_a_422_that_keeps_the_rest(
    app: Flask, client: Any, shop: Shop, album: str, name: str, sent: Any, word: str
) -> None:
    page = send(client, album, title="Typed", **{name: sent})
    assert page.status_code == 422 and word in page.text
    assert f'<a href="#{name}">' in page.text
    assert form_of(page)["title"] == "Typed"
    assert len(shop.versions(Album, 1)) == 1
    assert not [path for path in store(app) if path.name.startswith(".draft")]


def test_a_request_beyond_the_limit_is_a_413(
    app: Flask, client: Any, shop: Shop, album: str
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1024
    assert send(client, album, cover=(bytes(2048), "x.png")).status_code == 413
    assert len(shop.versions(Album, 1)) == 1


def test_a_reference_that_was_not_signed_here_is_refused(
    client: Any, shop: Shop, album: str
) -> None:
    forged = StoredFile.of("x.png", "image/png", 1, "0" * 64)
    page = send(client, album, cover=str(forged))
    assert page.status_code == 422 and "choose it again" in page.text


def test_two_who_choose_a_file_are_asked_and_nothing_is_lost(
    client: Any, shop: Shop, album: str
) -> None:
    mine = form_of(client.get(album))
    send(client, album, cover=(png(2), "hers.png"))
    asked = send(client, album, mine, cover=(png(3), "mine.png"))
    assert asked.status_code == 409 and "hers.png" in asked.text and "mine.png" in asked.text
    assert send(client, album, form_of(asked), **{"merge-choice-cover": "yours"}).status_code == 302
    assert [row.cover.name for row in shop.versions(Album, 1)] == [
        "blue.png",
        "hers.png",
        "mine.png",
    ]


def test_their_file_is_taken_where_it_is_chosen(client: Any, shop: Shop, album: str) -> None:
    mine = form_of(client.get(album))
    send(client, album, cover=(png(2), "hers.png"))
    asked = send(client, album, mine, title="Mine", cover=(png(3), "mine.png"))
    send(client, album, form_of(asked), **{"merge-choice-cover": "theirs"})
    newest = shop.versions(Album, 1)[2]
    assert (newest.title, newest.cover.name) == ("Mine", "hers.png")


def test_a_file_that_is_no_image_is_never_run_by_a_browser(client: Any, album: str) -> None:
    send(client, album, booklet=(b"<script>alert(1)</script>", "../ü;a=b.html"))
    answer = fetch(client, 2, "booklet")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert "%C3%BC%3Ba%3Db.html" in answer.headers["Content-Disposition"]


def test_an_image_is_shown_and_can_be_downloaded(client: Any, album: str) -> None:
    shown = fetch(client, 1)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["Content-Disposition"].startswith("inline")
    kept = fetch(client, 1, more="&download=1")
    assert kept.headers["Content-Disposition"] == "attachment; filename=blue.png"
    page = client.get("/admin/album/details/?id=1").text
    [source] = re.findall(r'<img class="thumb" src="([^"]+)"', page)
    assert html.unescape(source) == "/admin/album/file/?id=1&version=1&column=cover"


@pytest.mark.parametrize(
    "query",
    ["id=1&version=1&column=title", "id=1&version=9&column=cover", "id=1&version=x&column=cover",
     "id=9&version=1&column=cover", "id=1&version=1&column=booklet", "id=1&version=1",
     f"id=1&version={'9' * 5000}&column=cover"],
)  # fmt: skip
def test_what_is_no_file_of_a_record_is_a_404(client: Any, album: str, query: str) -> None:
    assert client.get(f"/admin/album/file/?{query}").status_code == 404


def test_who_may_not_see_the_record_may_not_see_its_file(
    app: Flask, client: Any, album: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = app.view_functions["album.file_view"].__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(view, "can_view_details", False)
    assert client.get("/admin/album/file/?id=1&version=1&column=cover").status_code == 403


def test_a_file_that_is_gone_from_the_store_is_a_404_in_words(
    app: Flask, client: Any, album: str
) -> None:
    for path in store(app):
        path.unlink()
    answer = client.get("/admin/album/file/?id=1&version=1&column=cover")
    assert answer.status_code == 404 and "the store does not have it" in answer.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\a\\b.txt", "b.txt"), ("a\r\nb.txt", "ab.txt"),
     ("", "file"), ("...", "file"), ("\u202etxt.exe", "txt.exe"),
     ("x" * 500 + ".png", "x" * 116 + ".png")],
)  # fmt: skip
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert files.safe_name(given) == kept
