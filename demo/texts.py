"""What the demo company calls its things, in six languages: en, fa, ro, ru, tr, zh_Hans_CN."""

from app.rules.organisation import texts

CATEGORIES = {  # code: (code of the category above, names)
    "TABLEWARE": (None, texts("Tableware", "ظروف", "Veselă", "Посуда", "Sofra takımları", "餐具")),
    "GLASS": ("TABLEWARE", texts("Glass", "شیشه", "Sticlă", "Стекло", "Cam", "玻璃器皿")),
    "PORCELAIN": ("TABLEWARE", texts("Porcelain", "چینی", "Porțelan", "Фарфор", "Porselen", "瓷器")),
    "EQUIPMENT": (None, texts("Equipment", "تجهیزات", "Echipamente", "Оборудование", "Ekipman", "设备")),
    "MACHINES": ("EQUIPMENT", texts("Machines", "دستگاه‌ها", "Aparate", "Аппараты", "Makineler", "机器")),
    "ACCESSORIES": ("EQUIPMENT", texts("Accessories", "لوازم جانبی", "Accesorii", "Аксессуары", "Aksesuarlar", "配件")),
    "SERVICES": (None, texts("Services", "خدمات", "Servicii", "Услуги", "Hizmetler", "服务")),
    "MAINTENANCE": ("SERVICES", texts("Maintenance", "نگهداری", "Întreținere", "Обслуживание", "Bakım", "维护")),
    "TRAINING": ("SERVICES", texts("Training and delivery", "آموزش و تحویل", "Instruire și livrare",
                                   "Обучение и доставка", "Eğitim ve teslimat", "培训与配送")),
    "FOOD": (None, texts("Food and drink", "خوراکی و نوشیدنی", "Alimente și băuturi", "Продукты и напитки",
                         "Yiyecek ve içecek", "食品饮料")),
    "TEA": ("FOOD", texts("Tea", "چای", "Ceai", "Чай", "Çay", "茶")),
    "COFFEE": ("FOOD", texts("Coffee", "قهوه", "Cafea", "Кофе", "Kahve", "咖啡")),
    "SPICES": ("FOOD", texts("Spices", "ادویه", "Condimente", "Пряности", "Baharat", "香料")),
    "NUTS": ("FOOD", texts("Nuts and dried fruit", "آجیل و خشکبار", "Nuci și fructe uscate", "Орехи и сухофрукты",
                           "Kuruyemiş", "坚果与果干")),
    "TEXTILES": (None, texts("Textiles", "منسوجات", "Textile", "Текстиль", "Tekstil", "纺织品")),
}  # fmt: skip

RULES = {  # name: (what is asked, text for the reader)
    "Over 5,000 GBP": ({"over_amount": "5000", "currency_code": "GBP"}, texts(
        "Total above 5,000 GBP", "مبلغ کل بیش از ۵٬۰۰۰ پوند", "Total peste 5.000 GBP", "Сумма больше 5000 GBP",
        "Toplam 5.000 GBP üzerinde", "总额超过 5,000 英镑")),
    "New customer": ({"new_customer": True}, texts(
        "New customer", "مشتری جدید", "Client nou", "Новый клиент", "Yeni müşteri", "新客户")),
    "Over the credit limit": ({"over_credit": True}, texts(
        "Credit limit exceeded", "بیش از سقف اعتبار", "Limita de credit este depășită", "Превышен кредитный лимит",
        "Kredi limiti aşıldı", "超出信用额度")),
}  # fmt: skip

# What people write to us, in the language of whoever writes: subject, question, answer
TICKETS = {
    "buyer1": ("Two espresso cups arrived broken", "Two of the cups in our last delivery were broken. "
               "Could you send replacements with the next order?",
               "We are sorry about that. Two new cups will be in your next parcel, free of charge."),
    "buyer3": ("Opening times of the warehouse", "May we collect our order on Saturday morning?",
               "Yes, the warehouse is open on Saturdays from 9:00 to 13:00."),
    "fa": ("زمان تحویل سفارش", "لطفاً بفرمایید سفارش ما چه زمانی ارسال می‌شود؟",
           "سفارش شما این هفته ارسال می‌شود و شماره رهگیری را برایتان می‌فرستیم."),
    "ro": ("Factură pentru ultima comandă", "Vă rugăm să ne trimiteți factura și în format XLSX.",
           "O puteți descărca din portal, la factura respectivă, în format XLSX."),
    "ru": ("Вопрос о сертификатах", "Есть ли сертификаты на чай для нашей таможни?",
           "Да, мы приложили их к разделу «Файлы» вашего личного кабинета."),
    "tr": ("Numune talebi", "Yeni çay çeşitlerinizden numune gönderebilir misiniz?",
           "Elbette, numuneler bir sonraki siparişinizle birlikte gelecek."),
    "zh": ("关于发票抬头", "请把发票抬头改为我们的新公司名称。", "好的，下一张发票将使用新的公司名称。"),
}  # fmt: skip
REMARKS = {  # with an order
    "en": "Please deliver before noon.", "fa": "لطفاً پیش از ظهر تحویل دهید.",
    "ro": "Vă rugăm să livrați înainte de prânz.", "ru": "Просим доставить до полудня.",
    "tr": "Lütfen öğleden önce teslim edin.", "zh_Hans_CN": "请在中午前送达。",
}  # fmt: skip
MESSAGES = {  # about an order: the customer's question, our answer
    "en": ("Can the tea glasses come in one box?", "Yes, we pack them together."),
    "fa": ("آیا استکان‌ها را در یک جعبه می‌فرستید؟", "بله، همه را با هم بسته‌بندی می‌کنیم."),
    "ro": ("Pot veni paharele într-o singură cutie?", "Da, le ambalăm împreună."),
    "ru": ("Можно ли упаковать стаканы в одну коробку?", "Да, упакуем их вместе."),
    "tr": ("Bardaklar tek kutuda gelebilir mi?", "Evet, hepsini birlikte paketliyoruz."),
    "zh_Hans_CN": ("茶杯可以装在一个箱子里吗？", "可以，我们会一起包装。"),
}  # fmt: skip
CONTRACTS = {
    "en": "Maintenance of coffee machines", "fa": "نگهداری دستگاه‌های قهوه", "ro": "Întreținere mașini de cafea",
    "ru": "Обслуживание кофемашин", "tr": "Kahve makinesi bakımı", "zh_Hans_CN": "咖啡机维护",
}  # fmt: skip
TERMS = {
    "en": "Two visits per year; spare parts are charged separately.",
    "fa": "دو بازدید در سال؛ قطعات یدکی جداگانه محاسبه می‌شود.",
    "ro": "Două vizite pe an; piesele de schimb se facturează separat.",
    "ru": "Два визита в год; запасные части оплачиваются отдельно.",
    "tr": "Yılda iki ziyaret; yedek parçalar ayrıca faturalandırılır.",
    "zh_Hans_CN": "每年上门两次；备件另行收费。",
}  # fmt: skip
