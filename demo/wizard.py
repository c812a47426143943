"""The publisher's service of the demo: the layout of books, one order half filled in, one in the middle of its work."""

import io

from sqlalchemy import select

from app.core import facts
from app.rules import files, orders, services, wizard_drafts, work_stages
from app.rules.organisation import texts
from demo import drawings
from models.orders import Order
from models.products import Product
from models.services import Service
from models.work_stages import WorkStage

CODE, SKU = "book-layout", "SV-305"
PDF = (b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n"
       b"<</Type/Pages/Kids[]/Count 0>>\nendobj\n%%EOF\n")  # fmt: skip


def field(key, kind, names, help=None, **more):
    return {"key": key, "kind": kind, "names": names, "help": help or {}, **more}


def choice(key, names, price=None):
    return {"key": key, "names": names, "price": price}


def definition():
    """Manuscript, format, cover, extras; a price per page; first version, page layout, delivery (PRD-05)."""
    return {
        "steps": [_manuscript(), _format(), _cover(), _extras()],
        "price": {"kind": "per_unit", "amount": "2.50", "field": "pages"},
        "stages": [
            {"key": "first", "approval": True, "days": 5, "names": texts(
                "First version", "نسخه اولیه", "Prima versiune", "Первая версия", "İlk sürüm", "初稿")},
            {"key": "layout", "approval": True, "days": 10, "names": texts(
                "Page layout", "صفحه‌آرایی", "Paginare", "Верстка", "Sayfa düzeni", "版式设计")},
            {"key": "delivery", "approval": False, "days": 2, "names": texts(
                "Delivery of the work", "تحویل کار", "Predarea lucrării", "Сдача работы", "İşin teslimi", "交付成果")},
        ],
    }  # fmt: skip


def _manuscript():
    return {
        "key": "manuscript", "names": texts("Manuscript", "متن کتاب", "Manuscris", "Рукопись", "El yazması", "书稿"),
        "help": texts(
            "Tell us about the book and send the text as it is. We check it before the work begins.",
            "کتاب را معرفی کنید و متن را همان‌طور که هست بفرستید. پیش از شروع کار آن را بررسی می‌کنیم.",
            "Prezentați-ne cartea și trimiteți textul așa cum este. Îl verificăm înainte de a începe lucrul.",
            "Расскажите о книге и пришлите текст как есть. Мы проверим его до начала работы.",
            "Kitabı anlatın ve metni olduğu gibi gönderin. İşe başlamadan önce kontrol ederiz.",
            "请介绍这本书，并按原样发来文稿。开工前我们会先检查。"),
        "fields": [
            field("title", "text", texts("Title of the book", "عنوان کتاب", "Titlul cărții", "Название книги",
                                         "Kitabın adı", "书名"), required=True),
            field("pages", "number", texts("Pages", "تعداد صفحه", "Pagini", "Страницы", "Sayfa sayısı", "页数"),
                  texts("An estimate is enough.", "برآورد کافی است.", "O estimare este suficientă.",
                        "Достаточно оценки.", "Tahmini bir sayı yeterli.", "估计数即可。"),
                  required=True, least="8", most="2000"),
            field("text", "file", texts("Text of the book", "فایل متن", "Textul cărții", "Текст книги",
                                        "Kitabın metni", "文稿文件"),
                  texts("Word, OpenDocument or PDF.", "Word، OpenDocument یا PDF.", "Word, OpenDocument sau PDF.",
                        "Word, OpenDocument или PDF.", "Word, OpenDocument veya PDF.", "Word、OpenDocument 或 PDF。"),
                  required=True),
        ],
    }  # fmt: skip


def _format():
    return {
        "key": "format", "names": texts("Format", "قطع", "Format", "Формат", "Biçim", "开本"),
        "help": texts("The size of a page, as it is printed.", "اندازه صفحه، همان‌طور که چاپ می‌شود.",
                      "Dimensiunea paginii, așa cum se tipărește.", "Размер страницы в печати.",
                      "Basılacak sayfanın boyutu.", "印刷时的页面尺寸。"),
        "fields": [
            field("size", "choice", texts("Page size", "اندازه صفحه", "Dimensiunea paginii", "Размер страницы",
                                          "Sayfa boyutu", "页面尺寸"), required=True, choices=[
                choice("a5", texts("A5", "رقعی (A5)", "A5", "A5", "A5", "A5")),
                choice("b5", texts("B5", "وزیری (B5)", "B5", "B5", "B5", "B5"), "30"),
                choice("a4", texts("A4", "رحلی (A4)", "A4", "A4", "A4", "A4"), "60"),
            ]),
            field("ready_on", "date", texts("Needed by", "مهلت تحویل", "Necesar până la", "Нужно к дате",
                                            "Son tarih", "需要日期")),
        ],
    }  # fmt: skip


def _cover():
    return {
        "key": "cover", "names": texts("Cover", "جلد", "Copertă", "Обложка", "Kapak", "封面"),
        "help": texts("We design the cover, or set yours.", "جلد را ما طراحی می‌کنیم، یا طرح شما را می‌چینیم.",
                      "Realizăm noi coperta sau o folosim pe a dumneavoastră.",
                      "Мы сделаем обложку или возьмем вашу.", "Kapağı biz tasarlarız ya da sizinkini kullanırız.",
                      "封面由我们设计，或使用您的设计。"),
        "fields": [
            field("cover_kind", "choice", texts("Kind of cover", "نوع جلد", "Tipul copertei", "Вид обложки",
                                                "Kapak türü", "封面类型"), required=True, choices=[
                choice("own", texts("Our own design is attached", "طرح خودمان پیوست است", "Atașăm modelul nostru",
                                    "Прилагаем свой вариант", "Kendi tasarımımız ektedir", "附上自己的设计")),
                choice("designed", texts("Please design it", "لطفاً طراحی کنید", "Vă rugăm să o realizați",
                                         "Просим разработать", "Lütfen tasarlayın", "请为我们设计"), "120"),
            ]),
            field("cover_file", "file", texts("Cover design", "طرح جلد", "Modelul copertei", "Макет обложки",
                                              "Kapak tasarımı", "封面设计文件")),
        ],
    }  # fmt: skip


def _extras():
    return {
        "key": "extras", "names": texts("Extras", "خدمات افزوده", "Opțiuni suplimentare", "Дополнительно", "Ekler",
                                        "附加选项"),
        "help": {},
        "fields": [
            field("index", "choice", texts("Index of names", "نمایه نام‌ها", "Indice de nume", "Указатель имен",
                                           "Ad dizini", "人名索引"), choices=[
                choice("no", texts("No", "خیر", "Nu", "Нет", "Hayır", "不需要")),
                choice("yes", texts("Yes", "بله", "Da", "Да", "Evet", "需要"), "80"),
            ]),
            field("wishes", "long_text", texts("Anything else we should know", "توضیحات دیگر",
                                               "Alte informații utile", "Что еще нам нужно знать",
                                               "Bilmemiz gereken başka bir şey", "其他说明")),
        ],
    }  # fmt: skip


def services_of_ours(stage):
    """The editor designs the service and publishes it."""
    with stage.scene("editor", 30) as work:
        product = work.session.scalars(select(Product).where(Product.sku == SKU)).one()
        service = Service(
            code=CODE, product_id=product.id, currency_code="GBP",
            names=texts("Book layout", "صفحه‌آرایی کتاب", "Paginare de carte", "Верстка книги", "Kitap mizanpajı",
                        "图书排版"),
            descriptions=texts(
                "From the manuscript to files that can be printed, in stages that you approve.",
                "از متن تا فایل آماده چاپ، در مراحلی که شما تأیید می‌کنید.",
                "De la manuscris la fișiere gata de tipar, în etape pe care le aprobați.",
                "От рукописи до файлов для печати, поэтапно и с вашим согласованием.",
                "Metinden baskıya hazır dosyalara, onayladığınız aşamalarla.", "从书稿到可印刷文件，分阶段由您确认。"),
        )  # fmt: skip
        services.check(service, work)
        work.session.add(service)
        work.session.flush()
        services.redesign(service, definition(), work)
        services.FLOW.run_one("publish", service)
        return service.id


SAID = {  # what is said about the work: to and by customers
    "first": "The title page and the first chapter.", "larger": "A larger type for the chapter headings, please.",
    "again": "With larger headings.", "good": "Very good, please go on.", "whole": "The whole book.",
    "room": "More room between the lines, please.",
}  # fmt: skip
SAID_IN_PERSIAN = {
    "first": "صفحه عنوان و فصل اول.", "larger": "لطفاً حروف عنوان فصل‌ها را درشت‌تر کنید.",
    "again": "با عنوان‌های درشت‌تر.", "good": "بسیار خوب است، لطفاً ادامه دهید.", "whole": "تمام کتاب.",
}  # fmt: skip


def orders_of_it(stage, service_id):
    """A draft of buyer1 and one of buyer3, an order of theirs and of the Persian publisher in the middle of work."""
    for user, title in (("buyer1", "The Harbour Cookbook 2026"), ("buyer3", "Café Stories 2026")):
        with stage.scene(user, 1, "17:20") as work:
            draft = wizard_drafts.begin(service_id, work)
            wizard_drafts.keep(draft, {"title": title, "pages": 120}, work, step=2)
            wizard_drafts.attach(draft, "text", _file(f"{title.split()[1].lower()}-text.pdf", work), work)
    for user, title, days in (("buyer1", "Eighty years of Harbour Hotels", 12), ("buyer3", "Northern Recipes 1926", 11),
                              ("fa", "سفرنامه پارس", 9)):  # fmt: skip
        _order(stage, service_id, user, title, days)


def _file(name, work, content=PDF):
    return files.store(io.BytesIO(content), name, "application/pdf", work)


def _order(stage, service_id, user, title, days):
    given = {"title": title, "pages": 96, "size": "b5", "cover_kind": "designed", "index": "yes"}
    with stage.scene(user, days) as work:
        draft = wizard_drafts.begin(service_id, work)
        wizard_drafts.keep(draft, given, work)
        wizard_drafts.attach(draft, "text", _file(f"{user}-book-{days}.pdf", work), work)
        order_id = wizard_drafts.FLOW.run_one("confirm", draft, reference=f"BOOK-{days}").id
    with stage.scene("supervisor", days - 1):
        orders.FLOW.run_one("approve", order_id)
    with stage.scene("supervisor", days - 1, "11:00"):
        orders.FLOW.run_one("release", order_id)
    with stage.scene(days=days - 1, clock="11:01") as work:
        facts.subscribers("order.release")["work.plan"](None, work.session.get(Order, order_id), work)
        ids = list(work.session.scalars(select(WorkStage.id).where(WorkStage.order_id == order_id)
                                        .order_by(WorkStage.position)))  # fmt: skip
    _work(stage, user, ids, days)


def _work(stage, user, ids, days):
    """The first version shown, changed, approved; the page layout is before the customer."""
    flow = work_stages.FLOW
    first, second = ids[:2]
    said = SAID_IN_PERSIAN if user == "fa" else SAID
    picture = drawings.logo("Book layout")

    def show(identity, day, name, note):
        with stage.scene("reviewer", day, "09:30"):
            flow.run_one("take", identity)
        with stage.scene("reviewer", day, "16:00", told=day < 3) as work:
            flow.run_one("show", identity, note=note, files=[_file(name, work, picture)])

    show(first, days - 3, f"first-version-{user}-1.png", said["first"])
    with stage.scene(user, days - 4):
        flow.run_one("request_changes", first, reason=said["larger"])
    show(first, days - 5, f"first-version-{user}-2.png", said["again"])
    with stage.scene(user, days - 6):
        flow.run_one("approve", first, note=said["good"])
    show(second, 1, f"page-layout-{user}-1.png", said["whole"])
    if user == "buyer3":
        with stage.scene(user, 0):
            flow.run_one("request_changes", second, reason=said["room"])
