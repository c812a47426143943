"""Latin words that stand in every language: names of formats, keys, fields of the REST API, of the product."""

NAMES = {
    "JSON", "API", "REST", "PDF", "XLSX", "CSV", "ISO", "IP", "IBAN", "MAC", "UUID", "SMS", "SHA", "MIME", "Rison",
    "Idempotency", "Key", "MB", "PNG", "JPEG", "WebP", "GIF", "Enter", "Escape", "USD", "EUR", "CNY", "red", "db",
    "multipart", "form", "data", "true", "false", "next", "page", "page_size", "filters", "lines", "ids", "versions",
    "CUSTOM", "XLS", "ODS", "UTF", "http", "https", "new_address", "background",
    "YYYY", "MM", "DD", "q", "e", "E", "mail", "id", "kg", "f00", "ff0000", "b",
}  # fmt: skip
