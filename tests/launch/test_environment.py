"""What the environment asks for is refused in one line before anything is made, where it cannot be meant."""

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app import cli, environment
from demo import company, folk
from tests.expect import refused
from tests.launch.test_launcher import launch


@pytest.mark.parametrize(("command", "name", "value", "expected"), [
    ("serve", "SERAI_TRUSTED_PROXIES", "abc", "a whole number"),
    ("check", "SERAI_MAX_UPLOAD_MB", "-1", "a whole number"),
    ("serve", "SERAI_MAIL_URL", "bogus", "smtp://user:password@host:port"),
    ("worker", "SERAI_MAIL_URL", "smtp://ann:secret@host:port", "smtp://user:password@host:port"),
    ("serve", "SERAI_STORAGE_URL", "bogus://x", "an address of fsspec"),
    ("web", "SERAI_PUBLIC_URL", "foo", "https://orders.example.com"),
    ("serve", "SERAI_ADMIN_PASSWORD", "x", "at least 8 characters"),
    ("init", "SERAI_ADMIN_PASSWORD", "x" * 201, "at most 200 characters"),
    ("serve", "SERAI_DEMO_PASSWORD", "x" * 201, "at most 200 characters"),
])  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused_before_anything_is_made(tmp_path, command, name, value, expected):
    done = launch(command, "--data", tmp_path / "data", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"serai: {name} ") and expected in done.stderr
    assert done.stderr.count("\n") == 1 and "secret" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_storage_whose_package_is_missing_names_it(monkeypatch):
    monkeypatch.setenv("SERAI_STORAGE_URL", "simplecache::s3://bucket/folder")
    with pytest.raises(environment.Trouble, match=r"SERAI_STORAGE_URL needs a package .*: Install s3fs"):
        environment.check("serve")


@pytest.mark.parametrize(("name", "value"), [
    ("SERAI_TRUSTED_PROXIES", "2"), ("SERAI_TRUSTED_PROXIES", ""), ("SERAI_MAIL_URL", "smtps://ann:a%40b@host?verify=no"),
    ("SERAI_STORAGE_URL", "/srv/files"), ("SERAI_STORAGE_URL", "file:///srv/files"), ("SERAI_STORAGE_URL", "memory://x"),
    ("SERAI_PUBLIC_URL", "http://[::1]:8080/"),
    ("SERAI_ADMIN_PASSWORD", "long enough"), ("SERAI_DEMO_PASSWORD", "demo"),
])  # fmt: skip
def test_what_can_be_meant_is_taken(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    environment.check("serve")


def test_a_demo_takes_a_short_password_and_says_so(site, open_work, monkeypatch, capsys):
    monkeypatch.setitem(site.config, "DEMO_PASSWORD", "demo")
    monkeypatch.setattr(company, "fill", folk.staff)
    with open_work() as work:
        cli._first_users(site, work, demo=True)
    said = capsys.readouterr()
    assert said.err.startswith("serai: SERAI_DEMO_PASSWORD has fewer than 8 characters") and said.out == ""
    with open_work() as work:
        stored = work.session.scalars(select(User.password).where(User.username.in_(["admin", "reviewer"]))).all()
    assert [check_password_hash(one, "demo") for one in stored] == [True, True]


def test_a_house_in_earnest_takes_no_short_password(site, work, monkeypatch):
    monkeypatch.setitem(site.config, "ADMIN_PASSWORD", "x")
    with refused("password_short"):
        cli._first_users(site, work, demo=False)


def test_a_password_of_the_first_start_hinders_no_later_command(monkeypatch):
    monkeypatch.setenv("SERAI_ADMIN_PASSWORD", "x")
    environment.check("check")
