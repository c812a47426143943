"""The language switch keeps the page and leads nowhere else."""

import pytest

ELSEWHERE = ["/\t/evil.example", "/\n/evil.example", "//evil.example", "/\\evil.example", "/a\\b",
             "https://evil.example", "javascript:alert(1)", "", "/lang/fa"]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_other_site_is_reached_through_it(site, address):
    answer = site.test_client().get("/lang/fa", query_string={"next": address})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_it_keeps_the_page(site):
    answer = site.test_client().get("/lang/fa", query_string={"next": "/orders/list/?q=a b&state=draft"})
    assert answer.headers["Location"].startswith("/orders/list/?q=a")


NEAR = [("zh-Hans-CN", "zh-Hans-CN"), ("zh", "zh-Hans-CN"), ("fa-IR", "fa"), ("ro_RO", "ro")]


@pytest.mark.parametrize("tag, told", NEAR)
def test_the_nearest_of_our_languages_is_taken(site, tag, told):
    client = site.test_client()
    assert client.get(f"/lang/{tag}").status_code == 302
    assert f'lang="{told}"' in client.get("/login/").get_data(as_text=True)


@pytest.mark.parametrize("tag", ["klingon", "xx", "1", "de"])
def test_a_language_that_is_not_ours_is_not_found(site, tag):
    assert site.test_client().get(f"/lang/{tag}").status_code == 404
