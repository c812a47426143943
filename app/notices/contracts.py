"""Who hears about contracts."""

from sqlalchemy import select

from app.notices.core import link, notice
from app.notices.readers import buyer
from models.contracts import Contract

READ = buyer("contract.read")


def _values(contract):
    return {
        "number": contract.number or f"#{contract.id}",
        "title": contract.title,
        "starts": contract.starts_on,
        "ends": contract.ends_on,
        "link": link("contracts", contract.id),
    }


@notice("contract.approve", name="contract_approved", to=READ, attach=("contract",))
def contract_approved(contract, work):
    """It is in force."""
    return _values(contract)


@notice("contract.renew", name="contract_renewed", to=READ)
def contract_renewed(contract, work):
    """A successor was made; the fact is about the contract that it renews (CON-17)."""
    successor = work.session.scalars(
        select(Contract).where(Contract.predecessor_id == contract.id).order_by(Contract.id.desc()).limit(1)
    ).first()
    if successor is None:
        return {}
    return _values(successor) | {"renewed": contract.number or f"#{contract.id}"}
