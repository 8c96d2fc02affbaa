"""The API: a document that describes it, pages, ETags, and the same answers as the views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from podwatch.runtime import Runtime
from tests.support.page_visitors import browse, find_mentions, store_show


@pytest.fixture
def filled(either: Runtime, now: datetime) -> Runtime:
    store_show(either, now, ["Ann Lee sold grain./And grain.", None])
    find_mentions(either, now)
    return either


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str = "$") -> None:
    """Whether an answer is what the document says of it."""
    import jsonschema

    whole = {**schema, "components": document["components"]}
    jsonschema.validate(value, whole)


GETS = ["/alerts", "/alerts/1", "/episodes/1", "/episodes/1/mentions", "/episodes/1/hearings", "/episodes/1/transcript", "/episodes/1/words", "/watches", "/feeds", "/feeds/1", "/feeds/1/episodes", "/coverage", "/coverage/days/2026-11-03", "/changes", "/watches/grain/hits", "/watches/grain/entry", "/mutes", "/subscriptions", "/search?q=grain&facets=true", "/trends?of=watch:grain&of=show:1"]  # fmt: skip


def test_the_document_describes_every_answer(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    document = browser.json("/api/v1/openapi.json")
    described = {path: methods for path, methods in document["paths"].items() if "get" in methods}
    assert len(described) == len(GETS)
    for path in GETS:
        template = "/api/v1" + path.partition("?")[0].replace("/1", "/{id}", 1)
        template = template.replace("/grain", "/{name}").replace("/2026-11-03", "/{day}")
        schema = described[template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        fits(browser.json("/api/v1" + path), schema, document)


def test_a_mention_is_where_the_api_says(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    text = browser.json("/api/v1/episodes/1/transcript")["text"]
    mentions = browser.json("/api/v1/episodes/1/mentions")
    assert (
        [text[m["start"] : m["end"]] for m in mentions]
        == [m["surface"] for m in mentions]
        == ["Ann Lee", "grain", "grain"]
    )


def test_lists_come_in_pages_that_hold_everything_once(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["grain and Ann Lee"] * 7)
    find_mentions(either, now)
    browser = browse(either, now)
    for path, name, key in (("/alerts", "alerts", "before"), ("/feeds/1/episodes", "episodes", "offset")):
        seen, following = [], None
        while True:
            found = browser.json(f"/api/v1{path}?limit=3" + (f"&{key}={following}" if following else ""))
            seen += [row["id"] for row in found[name]]
            following = found["next"]
            if following is None:
                break
        assert len(seen) == len(set(seen)) == (14 if name == "alerts" else 7)


@pytest.mark.parametrize(
    "path", [*(f"/api/v1{p}" for p in GETS), "/alerts", "/episodes/1", "/alerts.atom", "/alerts.csv"]
)
def test_what_has_not_changed_is_not_sent_again(path: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["Ann Lee sold grain."])
    find_mentions(rt, now)
    client = browse(rt, now).client
    client.get("/alerts")  # the first view of all brings the cookie of the forms
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/alerts/1/answers", {"verdict": "maybe"}, 422), ("POST", "/alerts/99/answers", {"verdict": "wrong"}, 404), ("POST", "/alerts/1/answers", {}, 422),
        ("POST", "/feeds", {"urls": []}, 422), ("POST", "/feeds", {"urls": ["nonsense"]}, 400), ("PUT", "/feeds/9/tags", {"tags": []}, 404),
        ("DELETE", "/feeds/9", None, 404), ("GET", "/alerts/0", None, 422), ("GET", "/alerts?limit=0", None, 422), ("GET", "/alerts?limit=201", None, 422),
        ("GET", "/alerts/99999999999999999999", None, 422), ("GET", "/episodes/2/transcript", None, 404), ("GET", "/nowhere", None, 404), ("GET", "/alerts?since=x", None, 422),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_json(
    method: str, path: str, body: Any, status: int, rt: Runtime, now: datetime
) -> None:
    store_show(rt, now, ["grain", None])
    find_mentions(rt, now)
    response = browse(rt, now).client.request(method, f"/api/v1{path}", json=body, headers={"X-Requested-With": "x"})
    assert response.status_code == status, response.text
    assert isinstance(response.json()["detail"], str)
    assert rt.store.list_audit() == []


def test_changes_by_the_api_are_made_and_noted(either: Runtime, now: datetime) -> None:
    client = browse(either, now).client
    client.headers["X-Requested-With"] = "test"
    assert client.post("/api/v1/feeds", json={"urls": ["https://a.example/f"], "tags": ["News"]}).status_code == 201
    assert client.put("/api/v1/feeds/1/tags", json={"tags": ["trade"]}).json()["tags"] == ["trade"]
    assert client.delete("/api/v1/feeds/1").status_code == 204
    assert either.store.feeds() == []
    changes = client.get("/api/v1/changes?limit=2").json()
    assert [c["action"] for c in changes["changes"]] == ["remove feed", "tag feed"]
    assert changes["next"] is not None


def test_a_view_is_read_by_a_token_that_the_api_made_until_it_is_revoked(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["Ann Lee sold grain."])
    find_mentions(either, now)
    client = browse(either, now).client
    client.headers["X-Requested-With"] = "test"
    made = client.post("/api/v1/subscriptions", json={"watch": "grain", "state": "waiting"}).json()
    assert made["view"] == "watch=grain&state=waiting"
    assert ">grain" in client.get(made["address"]).text
    [listed] = client.get("/api/v1/subscriptions").json()
    assert (listed["id"], listed["view"], listed["by"]) == (made["id"], made["view"], "ada")
    assert client.delete(f"/api/v1/subscriptions/{made['id']}").status_code == 204
    assert client.get(made["address"]).status_code == 404
    assert client.delete(f"/api/v1/subscriptions/{made['id']}").status_code == 404
    assert [a.action for a in either.store.list_audit()] == ["revoke token", "make token"]


def test_a_mute_is_listed_and_ended_once(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["grain"])
    find_mentions(either, now)
    client = browse(either, now).client
    client.headers["X-Requested-With"] = "test"
    client.post("/api/v1/alerts/1/answers", json={"verdict": "mute_show"})
    [mute] = client.get("/api/v1/mutes").json()
    assert (mute["feed"], mute["show"], mute["watch"]) == (1, "The Show", None)
    assert client.delete(f"/api/v1/mutes/{mute['id']}").status_code == 204
    assert client.get("/api/v1/mutes").json() == []
    assert client.delete(f"/api/v1/mutes/{mute['id']}").status_code == 404
