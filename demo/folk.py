"""The people of the demo: ours, and those of the customers, each with the language he reads."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.core.passwords import AT_LEAST_IN_DEMO
from app.rules import customers, people, products, tags
from demo.house import SINCE
from models.customers import Address, Contact, Customer, CustomerNote
from models.organisation import PaymentTerms
from models.people import AccessGroup
from models.products import AccessRestriction, Category, PriceList, PriceListAudience

STAFF = {  # user name: (role, first name, last name)
    "reviewer": ("Reviewer", "Rachel", "Moore"), "supervisor": ("Supervisor", "Stephen", "Hall"),
    "finance": ("Finance", "Fiona", "Grant"), "warehouse": ("Warehouse", "Will", "Carter"),
    "support": ("Support", "Susan", "Webb"), "editor": ("Editor", "Edward", "Lane"),
}  # fmt: skip


@dataclass(frozen=True)
class Buyer:
    """A customer as it is entered. Amounts in its own currency."""

    name: str
    country: str
    language: str
    currency: str
    credit: str
    street: str
    city: str
    postcode: str
    domain: str
    tax_id: str = ""


BUYERS = (
    Buyer("Harbour Hotels Ltd", "GB", "en", "GBP", "250000", "2 Quay Street", "Bristol", "BS1 4DJ",
          "harbour-hotels.example", "GB 234 5678 90"),
    Buyer("Northern Cafés Ltd", "GB", "en", "GBP", "60000", "88 Deansgate", "Manchester", "M3 2ER",
          "northern-cafes.example", "GB 345 6789 01"),
    Buyer("هتل‌های پارس", "IR", "fa", "IRR", "90000000000", "خیابان ولیعصر، پلاک ۲۱۰", "تهران", "1595635111",
          "pars-hotels.example"),
    Buyer("Casa Teilor SRL", "RO", "ro", "RON", "250000", "Strada Teilor 12", "Cluj-Napoca", "400110",
          "casa-teilor.example", "RO12345678"),
    Buyer("ООО «Северный путь»", "RU", "ru", "RUB", "5000000", "ул. Садовая, д. 15", "Санкт-Петербург", "191023",
          "severny-put.example", "7801234567"),
    Buyer("Boğaz Otelcilik A.Ş.", "TR", "tr", "TRY", "2500000", "İskele Caddesi 7", "İstanbul", "34353",
          "bogaz-otelcilik.example", "1234567890"),
    Buyer("上海远航商贸有限公司", "CN", "zh_Hans_CN", "CNY", "500000", "南京西路 1266 号", "上海", "200040",
          "yuanhang.example", "91310000MA1K00001X"),
    Buyer("Müller Gastronomie GmbH", "DE", "en", "EUR", "40000", "Hafenstraße 3", "Hamburg", "20457",
          "mueller-gastro.example", "DE123456789"),
    Buyer("The Corner Bakery", "GB", "en", "GBP", "500", "5 Mill Lane", "Leeds", "LS1 3BR",
          "corner-bakery.example"),
)  # fmt: skip
EXTERNAL = {  # user name: (place in BUYERS, first name, last name)
    "buyer1": (0, "Brian", "Porter"), "buyer2": (0, "Beth", "Porter"), "buyer3": (1, "Nora", "Fields"),
    "fa": (2, "سارا", "احمدی"), "ro": (3, "Ioana", "Popescu"), "ru": (4, "Мария", "Иванова"),
    "tr": (5, "Ayşe", "Yılmaz"), "zh": (6, "伟", "王"),
}  # fmt: skip


def roles():
    """The managed role of every user."""
    return {name: role for name, (role, _first, _last) in STAFF.items()} | dict.fromkeys(EXTERNAL, "Customer")


def staff(work, password):
    """Our own users: {user name: id}."""
    return {
        name: people.create_user(
            work, name, kind="staff", password=password, roles=(role,), first_name=first, last_name=last,
            email=f"{name}@caravan-trading.example", at_least=AT_LEAST_IN_DEMO,
        ).id
        for name, (role, first, last) in STAFF.items()
    }  # fmt: skip


def buyers(work, manager_id):
    """The customers in their order, the first two with the ids 1 and 2."""
    terms = work.session.scalars(select(PaymentTerms).where(PaymentTerms.code == "net30")).one()
    found = []
    for one in BUYERS:
        customer = Customer(
            name=one.name, country_code=one.country, language=one.language, currency_code=one.currency,
            email=f"office@{one.domain}", tax_id=one.tax_id, credit_limit=Decimal(one.credit), manager_id=manager_id,
            payment_terms_id=terms.id, phone="+44 117 496 0000" if one.country == "GB" else "", reviewed_at=work.now,
        )  # fmt: skip
        customers.check(customer, work)
        customer.addresses.append(Address(recipient=one.name, street=one.street, city=one.city, postcode=one.postcode,
                                          country_code=one.country))  # fmt: skip
        work.session.add(customer)
        work.session.flush()
        found.append(customer)
    if [one.id for one in found[:2]] != [1, 2]:
        raise RuntimeError("The demo company is made in an empty database only.")
    _details(found, work)
    return found


def _details(found, work):
    harbour, northern = found[:2]
    kitchen = Address(recipient="Harbour Hotels, kitchen", street="Dock Road 9", city="Bristol", postcode="BS1 6UP",
                      country_code="GB", label="Kitchen", billing=False)  # fmt: skip
    harbour.addresses.append(kitchen)
    harbour.contacts.append(Contact(name="Clara Dunn", position="Accounts", email="clara@harbour-hotels.example",
                                    gets_documents=True))  # fmt: skip
    northern.contacts.append(Contact(name="Owen Reid", position="Purchasing", email="owen@northern-cafes.example"))
    harbour.note = CustomerNote(text="Prefers deliveries before noon.")
    northern.note = CustomerNote(text="Asked about seasonal conditions.")
    tags.tag(harbour, "customer", ["Hotel", "Key account"], work)
    tags.tag(northern, "customer", ["Café"], work)
    work.session.flush()


def users(work, found, password):
    """The customers' users, in one access group; another group finds tea and coffee only."""
    group = AccessGroup(name="Customers")
    narrow = AccessGroup(name="Tea and coffee buyers")
    work.session.add_all([group, narrow])
    work.session.flush()
    for code in ("TEA", "COFFEE"):
        place = work.session.scalars(select(Category).where(Category.code == code)).one()
        work.session.add(AccessRestriction(access_group_id=narrow.id, category_id=place.id))
    made = {}
    for name, (place, first, last) in EXTERNAL.items():
        made[name] = people.create_user(
            work, name, kind="external", password=password, roles=("Customer",), locale=BUYERS[place].language,
            first_name=first, last_name=last, email=f"{name}@{BUYERS[place].domain}", customers=(found[place],),
            access_group=group, at_least=AT_LEAST_IN_DEMO,
        ).id  # fmt: skip
    return made, group


def own_prices(work, found):
    """Lists that are offered to one customer: what was agreed with the first two."""
    for customer, share, category in ((found[0], "0.95", "TW-"), (found[1], "0.97", "CO-")):
        made = PriceList(name=f"{customer.name}: agreed prices", currency_code="GBP", everyone=False, valid_from=SINCE)
        made.audiences = [PriceListAudience(customer_id=customer.id)]
        work.session.add(made)
        work.session.flush()
        general = work.session.scalars(select(PriceList).where(PriceList.name == "General GBP")).one()
        for price in general.prices:
            if price.product.sku.startswith(category) and price.from_quantity == 1:
                amount = (price.unit_price * Decimal(share)).quantize(Decimal("0.01"))
                products.set_price(price.product, made, amount, work)
