"""Who hears about files: those they are offered to by name. What is for everybody stands in the portal."""

from sqlalchemy import select

from app.notices.core import link, notice
from app.notices.readers import of_customer
from models.people import Membership


def _named(file, work):
    customers = {one.customer_id for one in file.audiences if one.customer_id}
    groups = {one.access_group_id for one in file.audiences if one.access_group_id}
    if groups:
        members = select(Membership.customer_id).where(Membership.access_group_id.in_(groups))
        customers |= set(work.session.scalars(members))
    if file.everyone:
        return []
    return [reader for one in sorted(customers) for reader in of_customer(one, "file.read", work)]


@notice("file.offer", name="file_offered", to=_named, once=True)
def file_offered(file, work):
    """A file was put there for him."""
    return {"title": file.title, "description": file.description, "link": link("files", file.id)}
