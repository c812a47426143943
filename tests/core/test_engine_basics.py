"""The ground everything stands on: migrations, seeds, and what nobody may see."""

import pytest
from sqlalchemy import select

from app.core.errors import NoWork
from models.customers import Customer
from models.organisation import Branch, Country


def test_seeds_are_there(work):
    assert work.session.get(Branch, 1).name == "Head office"
    assert work.session.get(Country, "RO").names["ru"] == "Румыния"


def test_owned_rows_need_somebody_who_acts(engine):
    from sqlalchemy.orm import Session

    with Session(engine) as session, pytest.raises(NoWork):
        session.scalars(select(Customer)).all()
