"""Adding one link to very many costs one row, beside the owner's own version."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from tests.versioning.references.trade import Article, Tag, add
from tests.versioning.world import World
from webapp.versioning import diff

MANY = 10_000


def test_one_more_of_ten_thousand_writes_one_row(trade: World, session: Session) -> None:
    session.execute(insert(Tag), [{"name": str(number)} for number in range(MANY + 1)])
    session.commit()
    tags = list(session.scalars(select(Tag).order_by(Tag.id)))
    article = add(session, Article(title="one", tags=tags[:MANY]))
    before = counts(trade)
    assert before == {"article": 1, "article_tags": MANY, "tag": MANY + 1}
    article.tags.append(tags[MANY])
    written: list[tuple[str, int]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        many = rest[-1]
        word, table = statement.split()[0], statement.replace("INTO ", "").split()[1]
        if word in ("INSERT", "UPDATE", "DELETE", "WITH"):
            written.append((f"{word} {table}", len(parameters) if many else 1))

    event.listen(trade.engine, "before_cursor_execute", note)
    session.commit()
    event.remove(trade.engine, "before_cursor_execute", note)
    added = {table: count - before[table] for table, count in counts(trade).items()}
    assert added == {"article": 1, "article_tags": 1, "tag": 0}
    assert [each for each in written if "article_tags" in each[0]] == [("INSERT article_tags", 1)]
    # the change, the version before is closed, the next one is inserted, and the link
    assert sum(rows for _, rows in written) <= 4, written
    older = session.get_one(Article, (article.id, 1))
    assert [(c.old, c.new) for c in diff(older, article)] == [((), (tags[MANY].id,))]


def counts(trade: World) -> dict[str, int]:
    return {table: trade.count(table) for table in ("article", "article_tags", "tag")}
