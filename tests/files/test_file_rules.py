"""Uploads are looked at before they are kept, handed out to whom they are for, and never changed."""

import io
import pathlib

import pytest
from sqlalchemy import select

import config
from app.core.errors import NotFound
from app.core.history import History
from app.core.settings import SettingValue
from app.core.storage import Storage
from app.core.work import Actor
from app.rules import files
from models.files import Attachment, File, FileVersion
from models.orders import Order
from models.people import AccessGroup
from tests import makers
from tests.expect import refused

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def storage(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", tmp_path.as_uri())


def kept(work, name="price list.pdf", content=PDF):
    return files.store(io.BytesIO(content), name, "application/octet-stream", work)


def test_the_content_decides_what_an_upload_is(work):
    upload = kept(work, "../../Angebot.PDF")
    assert (upload.name, upload.media_type, upload.size) == ("Angebot.PDF", "application/pdf", len(PDF))
    assert files.storage().read(upload.sha256) == PDF
    assert kept(work, "again.pdf").sha256 == upload.sha256


def test_what_customers_sent_is_for_nobody_else_on_the_machine(tmp_path):
    store = Storage((tmp_path / "new" / "files").as_uri())
    place = pathlib.Path(store._path(store.put(io.BytesIO(PDF), len(PDF)).sha256))
    assert place.stat().st_mode & 0o777 == 0o600
    folders = [place.parent, place.parent.parent, tmp_path / "new" / "files", tmp_path / "new" / "files" / "incoming"]
    assert {one.stat().st_mode & 0o777 for one in folders} == {0o700}


@pytest.mark.parametrize("name, content, code", [
    ("empty.pdf", b"", "file_empty"), ("page.html", b"<html><script>", "file_type"),
    ("trick.png", PDF, "file_name"), ("large.pdf", PDF + b" " * 1024 * 1024, "file_too_large"),
])  # fmt: skip
def test_what_could_do_harm_is_not_kept(work, name, content, code):
    work.session.add(SettingValue(name="UPLOAD_MAX_MB", value=1))
    with refused(code) as caught:
        kept(work, name, content)
    assert caught.value.details["name"] == name


def test_an_administrator_narrows_what_can_be_uploaded(work):
    work.session.add(SettingValue(name="UPLOAD_TYPES", value="image/png text/html"))
    with refused("file_type"):
        kept(work)
    work.cache.clear()


def test_an_attachment_belongs_to_the_customer_of_its_record(open_work):
    with open_work() as work:
        mine, other = makers.make_customer(work), makers.make_customer(work)
        orders = [makers.make_order(work, one, (makers.make_product(work), 1)) for one in (mine, other)]
        rows = [files.attach(order, "order", kept(work), work, part="artwork") for order in orders]
        house = files.attach(orders[0].lines[0].product, "product", kept(work), work)
        assert [row.customer_id for row in (*rows, house)] == [mine.id, other.id, 0]
        ids, mine_id, order_ids = [row.id for row in rows], mine.id, [one.id for one in orders]
    with open_work(Actor("buyer", "external", customers=frozenset({mine_id}))) as work:
        assert files.open_attachment(ids[0], work).stream.read() == PDF
        with refused("not_found"):
            files.open_attachment(ids[1], work)
        files.attach(work.session.get(Order, order_ids[0]), "order", kept(work, "mine.pdf"), work)
    with open_work() as work:
        assert [one.name for one in files.attachments("order", order_ids[0], work)] == ["price list.pdf", "mine.pdf"]
        assert files.attachments("order", order_ids[0], work, part="artwork")[0].id == ids[0]
        told = select(History.changes).where(History.action == "order.attach").order_by(History.id)
        assert work.session.scalars(told).all()[-1] == {"file": [None, "mine.pdf"]}
        files.detach(work.session.get(Attachment, ids[0]), work, "wrong file")
        assert files.attachments("order", order_ids[0], work, part="artwork") == []


def test_a_file_is_served_in_its_newest_version_and_older_ones_stay(work):
    file = offered(work)
    for content in (PDF, PDF + b"second"):
        files.publish(file, kept(work, content=content), work)
    assert [one.number for one in file.versions] == [2, 1]
    assert files.open_version(file, work).stream.read() == PDF + b"second"
    assert files.open_version(file.id, work, 1).stream.read() == PDF
    with pytest.raises(NotFound):
        files.open_version(file, work, 3)


def offered(work, title="Price list"):
    file = File(title=title)
    files.check(file, work)
    work.session.add(file)
    work.session.flush()
    return file


def test_a_file_is_read_by_those_it_is_offered_to(open_work):
    with open_work() as work:
        customer, other = makers.make_customer(work), makers.make_customer(work)
        group = AccessGroup(name="Dealers")
        work.session.add(group)
        file = offered(work)
        files.publish(file, kept(work), work)
        actors = {
            "customer": Actor("a", "external", customers=frozenset({customer.id})),
            "member": Actor("b", "external", customers=frozenset({other.id}), groups=frozenset({group.id})),
            "other": Actor("c", "external", customers=frozenset({other.id})),
        }  # fmt: skip
        ids = file.id, customer.id, group.id
    for customers, groups, everyone, readers in (
        ([], [], True, {"customer", "member", "other"}), ([ids[1]], [], False, {"customer"}),
        ([], [ids[2]], False, {"member"}), ([ids[1]], [ids[2]], False, {"customer", "member"}),
    ):  # fmt: skip
        with open_work() as work:
            files.offer(work.session.get(File, ids[0]), customers, groups, everyone, work)
        assert {name for name, actor in actors.items() if reads(open_work, actor, ids[0])} == readers
    with open_work() as work:
        with refused("nobody_named"):
            files.offer(work.session.get(File, ids[0]), [], [], False, work)
        told = select(History.changes).where(History.action == "file.offer").order_by(History.id)
        assert work.session.scalars(told).all()[-1]["to"] == [None, "Acme Ltd, Dealers"]


def reads(open_work, actor, identity):
    with open_work(actor) as work:
        seen = work.session.scalars(select(FileVersion.file_id)).all()
        try:
            files.open_version(identity, work).stream.close()
        except NotFound:
            assert seen == []
            return False
        return seen == [identity]


def test_a_file_has_a_title(work):
    with refused("title_missing"):
        files.check(File(title=" "), work)
