"""What every page has to keep as it is rendered: a `TestMarkup(Markup)` beside a fixture `page`."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"input", "img", "link", "meta", "br", "hr", "wbr"}


class Page(HTMLParser):
    """What the checks want to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: dict[int, str] = {}
        self.unlabelled: list[dict[str, str]] = []
        self._open: list[tuple[str, int]] = []
        self.feed(text)
        self.unclosed = [tag for tag, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        is_control = tag in ("input", "select", "textarea") and given.get("type") != "hidden"
        if is_control and "aria-label" not in given and "label" not in dict(self._open):
            self.unlabelled.append(given)
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for _, at in self._open:
            self.words[at] = self.words.get(at, "") + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [given for name, given in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        named = enumerate(self.elements)
        return [" ".join(self.words.get(at, "").split()) for at, (name, _) in named if name == tag]


class Markup:
    """Landmarks, labels, names, ids and the content security policy, a test for each."""

    def test_it_has_a_language_a_title_one_heading_and_landmarks(self, page: Page) -> None:
        assert page.all("html") == [{"lang": "en"}]
        assert page.text("title")[0].endswith("Versioned Admin")
        assert len(page.text("h1")) == 1 and page.text("h1")[0]
        assert [len(page.all(tag)) for tag in ("header", "main", "footer")] == [1, 1, 1]

    def test_its_first_link_skips_to_the_content(self, page: Page) -> None:
        assert page.all("a")[0]["href"] == "#main"
        assert page.all("main")[0]["id"] == "main"

    def test_its_elements_are_closed_in_order(self, page: Page) -> None:
        assert page.unclosed == []

    def test_every_control_has_a_label(self, page: Page) -> None:
        labelled = {label["for"] for label in page.all("label") if "for" in label}
        assert [given for given in page.unlabelled if given.get("id") not in labelled] == []

    def test_every_link_and_button_has_a_name(self, page: Page) -> None:
        assert all(page.text("a"))
        assert all(page.text("button"))
        assert all(page.text("summary"))

    def test_ids_are_unique_and_what_refers_to_them_finds_them(self, page: Page) -> None:
        ids = [given["id"] for _, given in page.elements if "id" in given]
        assert len(ids) == len(set(ids))
        for attribute in ("for", "aria-describedby", "aria-labelledby", "form"):
            for _, given in page.elements:
                assert set(given.get(attribute, "").split()) <= set(ids)

    def test_nothing_in_it_is_stopped_by_the_policy(self, page: Page) -> None:
        for tag, given in page.elements:
            assert tag != "style" and "style" not in given
            assert not [name for name in given if name.startswith("on")]
            assert tag != "script" or given["src"].startswith("/")
            assert not given.get("href", "").startswith("javascript:")
