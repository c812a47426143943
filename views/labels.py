"""What columns are called on screens, once for every noun; and the words of values people choose from."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from app.core.localized import pick
from app.reading import locale
from app.rules import log_entries, ratings, service_design, work_plan
from app.rules.assignment import MODES
from app.rules.order_fields import FIELDS, SIDES
from app.rules.order_forms import SOURCES
from app.rules.orders import CUT
from app.rules.orders import FLOW as ORDER_FLOW
from app.rules.organisation import CONFIRMATIONS, DELETE_POLICIES, NUMBER_MODES

LABELS = {
    "id": _l("Number"), "number": _l("Number"), "name": _l("Name"), "names": _l("Name"), "title": _l("Title"),
    "customer": _l("Customer"), "state": _l("Status"), "kind": _l("Kind"), "type": _l("Type"),
    "currency": _l("Currency"), "currency_code": _l("Currency"), "country": _l("Country"),
    "country_code": _l("Country"), "language": _l("Language"), "locale": _l("Language"),
    "total_net": _l("Net"), "total_tax": _l("Tax"), "total_gross": _l("Total"), "open_amount": _l("Open amount"),
    "paid_amount": _l("Paid"), "payment_status": _l("Payment status"), "payment": _l("Payment"),
    "billing": _l("Billing"), "shipping": _l("Shipping"), "reference": _l("Reference"), "remark": _l("Remark"),
    "submitted_at": _l("Submitted at"), "ordered_at": _l("Ordered at"), "confirmed_at": _l("Confirmed at"),
    "completed_at": _l("Completed at"), "approved_at": _l("Approved at"), "issued_on": _l("Issued on"),
    "due_on": _l("Due on"), "due_at": _l("Due at"), "paid_on": _l("Paid on"), "starts_on": _l("Starts on"),
    "ends_on": _l("Ends on"), "months": _l("Months"), "requested_on": _l("Requested delivery date"),
    "created_at": _l("Created at"), "updated_at": _l("Changed at"), "sent_at": _l("Sent at"),
    "moved_at": _l("Moved at"), "valid_from": _l("Valid from"), "valid_until": _l("Valid until"),
    "handler": _l("Handler"), "manager": _l("Manager"), "branch": _l("Branch"), "order_type": _l("Order type"),
    "channel": _l("Channel"), "delivery_method": _l("Delivery method"), "payment_method": _l("Payment method"),
    "promotion_code": _l("Promotion code"), "owner": _l("Filled by"), "told_price": _l("Price when put in"),
    "delivery_address": _l("Delivery address"),
    "billing_address": _l("Billing address"), "payment_terms": _l("Payment terms"), "order": _l("Order"),
    "order_number": _l("Order"), "invoice": _l("Invoice"), "contract": _l("Contract"),
    "predecessor_number": _l("Renewed contract"), "email": _l("E-mail"), "phone": _l("Phone"),
    "tax_id": _l("VAT number"), "registration": _l("Registration number"), "credit_limit": _l("Credit limit"),
    "parent": _l("Parent"), "note": _l("Note"), "walk_in": _l("Walk-in customer"), "sku": _l("SKU"),
    "category": _l("Category"), "brand": _l("Brand"), "model": _l("Model"), "service": _l("Service"),
    "unit": _l("Unit"), "unit_code": _l("Unit"), "unit_price": _l("Unit price"), "list_price": _l("List price"),
    "discount_percent": _l("Discount"), "total_discount": _l("Discount"),
    "tax_rate": _l("Tax rate"), "tax_category": _l("Tax category"),
    "price_list": _l("Price list"), "price_source": _l("Price from"), "from_quantity": _l("From quantity"),
    "includes_tax": _l("Prices include tax"), "quantity": _l("Quantity"), "quantity_ordered": _l("Ordered"),
    "quantity_available": _l("Available"), "quantity_approved": _l("Approved"), "reason": _l("Reason"),
    "net": _l("Net"), "tax": _l("Tax"), "gross": _l("Amount"), "amount": _l("Amount"), "method": _l("Method"),
    "unallocated": _l("Not allocated"), "subject": _l("Subject"), "text": _l("Text"), "priority": _l("Priority"),
    "description": _l("Description"), "descriptions": _l("Description"), "terms": _l("Terms"),
    "everyone": _l("For every customer"), "archived_at": _l("Archived at"), "backorder": _l("Back-orders allowed"),
    "stock_threshold": _l("Warn below"), "weight_kg": _l("Weight (kg)"), "barcode": _l("Barcode"),
    "family": _l("Family"), "characteristic": _l("Characteristic"), "specification": _l("Specification"),
    "code": _l("Code"), "position": _l("Line"), "product": _l("Product"), "warehouse": _l("Warehouse"),
    "on_hand": _l("On hand"), "reserved": _l("Reserved"), "free": _l("Free"), "profile": _l("Profile"),
    "to": _lp("message", "To"), "attempts": _l("Attempts"), "error": _l("Error"), "report": _l("Document"),
    "format": _l("Format"), "size": _l("Size"), "media_type": _l("Media type"), "current": _l("Current version"),
    "file": _l("File"), "user": _l("User"), "mobile": _l("Mobile number"), "calendar": _l("Calendar"),
    "digits": _l("Digits"), "timezone": _l("Time zone"), "access_group": _l("Access group"),
    "level": _l("Decided by"), "over_amount": _l("Total above"), "new_customer": _l("New customer"),
    "over_credit": _l("Credit limit exceeded"), "over_discount": _l("Discount above"), "sale_type": _l("Sale type"),
    "service_period": _l("Service period"), "city": _l("City"), "street": _l("Street"), "postcode": _l("Postcode"),
    "region": _l("Region"), "recipient": _l("Recipient"), "label": _l("Label"), "legal_name": _l("Legal name"),
    "address": _l("Address"), "bank": _l("Bank details"), "logo": _l("Logo"), "colour": _l("Colour"),
    "terms_days": _l("Days to pay"), "credits": _l("Corrects invoice"),
    "issued_at": _l("Issued at"), "quantity_invoiced": _l("Invoiced"), "quantity_shipped": _l("Shipped"),
    "answered_at": _l("Answered at"), "resolved_at": _l("Resolved at"), "terminated_on": _l("Terminated on"),
    "predecessor": _l("Renewed contract"), "about": _l("About"),
    "tags": _l("Tags"), "tag": _l("Tag"), "first_order_at": _l("First order at"),
    "gets_documents": _l("Gets documents"),
    "delivery": _l("Delivery"), "factor": _l("Holds"), "default": _l("Default"),
    "retired_at": _l("Replaced at"), "replaces": _l("Replaces"),
    "active": _l("Active"), "username": _l("User name"), "first_name": _l("First name"), "last_name": _l("Last name"),
    "roles": _l("Roles"), "role_names": _l("Roles"), "groups": _l("User groups"),
    "group_names": _l("User groups"), "customers": _l("Customer"), "permissions": _l("Permissions"),
    "texts": _l("What the reader is told"), "symbols": _l("Symbol"), "days": _l("Days until due"),
    "prepayment_percent": _l("Prepayment"), "rate": _l("Rate"), "base_code": _l("Base currency"),
    "valid_on": _l("Valid from"), "prefix": _l("Prefix"), "yearly": _l("Starts at 1 every year"),
    "width": _l("Running digits"), "series": _l("Number series"), "preset": _l("Wording"),
    "last_login": _l("Last sign-in"), "branch_limited": _l("Sees this branch and those below it only"),
    "branch_id": _l("Branch"),
    "submitted_by": _l("Submitted by"), "confirmed_by": _l("Confirmed by"), "created_by": _l("Created by"),
    "updated_by": _l("Changed by"), "deleted_by": _l("Deleted by"), "deleted_at": _l("Deleted at"),
    "deleted_reason": _l("Reason"), "reviewed_at": _l("Reviewed at"), "done_at": _l("Completed at"),
    "record": _l("Record"), "noun": _l("Kind"), "author": _l("Author"), "assignee": _l("Handler"),
    "exchange_rate": _l("Exchange rate"), "number_mode": _l("Numbering"), "confirmation": _l("Confirmation"),
    "delete_policy": _l("Deleting"),
    "tax_code": _l("Tax category"), "pack_factor": _l("Holds"), "scope": _l("Scope"), "value": _l("Value"),
    "translation": _l("Translation"), "portal": _l("Portal"), "data": _l("Further data"), "quote": _l("Quote"),
    "version": _l("Version"), "order_line": _l("Order line"), "credits_line": _l("Corrected line"),
    "source": _l("Source"), "taken_count": _lp("order form", "Taken"),
    "changed_count": _lp("order form", "Changed"), "refused_count": _lp("order form", "Refused"),
    "checked_at": _l("Checked at"), "row_count": _l("Rows"),
    "empty_count": _l("Rows without a quantity"), "checked_count": _l("Checked"), "order_id": _l("Order"),
    "published_at": _l("Published at"), "countered_at": _l("Counter-offer made at"), "converted_at": _l("Ordered at"),
    "revision": _l("Revision"), "origin": _l("Begun by"), "alternative": _l("Alternative"),
    "internal_remark": _l("Internal remark"), "internal_cost": _l("Our cost"),
    "counter_quantity": _l("Proposed quantity"), "counter_price": _l("Proposed price"),
    "counter_on": _l("Proposed date"), "counter_comment": _l("What the customer says"),
    "conversation": _l("Conversation"), "api_keys": _l("API keys"),
    "expires_at": _l("Kept until"), "changed_at": _l("Changed at"), "cancelled_at": _l("Cancelled at"),
    "canceller": _l("Cancelled by"), "keyword": _l("Keyword"), "ranking": _l("Ranking position"),
    "link": _l("Link address"), "picture": _l("Picture"), "changed_side": _l("Changed by"),
    "expiry_warned_at": _l("Warned at"), "reject_line": _l("Nothing of that line"),
    "approve_available": _l("What is in stock"), "mark_deleted": _l("It is cancelled and deleted"),
    "cancel_order": _l("It is cancelled"), "by_manager": _l("A manager"),
    "by_order_type": _l("As the order type says"),
    "stage": _l("Work stage"), "revisions": _l("Changes requested"), "shown_at": _l("Shown at"),
    "edition": _l("Service"), "part": _l("Part"), **work_plan.STARTS,
    "display_status": _l("Display status"), "display_status_id": _l("Display status"), "tone": _l("Colour"),
    "visible_outside": _l("Customers see it"), "states": _l("Only while the order is"),
    "away_until": _l("Away until"), "other_names": _l("Names in other languages"), "user_ids": _l("People"),
    "rating": _l("Rating"), "stars": _l("Rating"), "comment": _l("Comment"), "held_at": _l("When"),
    "contact": _l("With whom"), "direction": _l("Direction"), "received_at": _l("Receipt confirmed at"),
    "decided_at": _l("Decided at"),
}  # fmt: skip

VALUES = {
    "part": service_design.WORDS,
    "number_mode": NUMBER_MODES, "confirmation": CONFIRMATIONS, "delete_policy": DELETE_POLICIES,
    "noun": {"order": _l("Order"), "invoice": _l("Invoice"), "contract": _l("Contract"), "ticket": _l("Ticket"),
             "payment": _l("Payment"), "quote": _l("Quote"), "customer": _l("Customer"), "file": _l("File"),
             "work": _l("Work stage"), "service": _l("Service"), "wizard_draft": _l("Unfinished order"),
             "rating": _l("Rating"), "log_entry": _l("Log entry"), "refund_proposal": _l("Refund proposal")},
    "kind": {"company": _l("Company"), "person": _l("Person"), "opening": _l("Opening stock"),
             "receipt": _lp("stock movement", "Receipt"), "shipment": _lp("stock movement", "Shipment"),
             "return": _lp("stock movement", "Return"),
             "adjustment": _l("Stock adjustment"), "transfer": _lp("stock movement", "Transfer"), "staff": _l("Staff"),
             "external": _l("External user")},
    "origin": {"customer": _l("Request of the customer"), "staff": _l("Offer of ours")},
    "type": {"proforma": _l("Proforma invoice"), "final": _l("Invoice"), "payment_request": _l("Payment request"),
             "tax": _l("Tax invoice"), "credit_note": _l("Credit note")},
    "payment_status": {"unpaid": _lp("invoice", "Unpaid"), "part": _lp("invoice", "Partly paid"),
                       "paid": _lp("invoice", "Paid")},
    "payment": {"unpaid": _lp("invoice", "Unpaid"), "part": _lp("invoice", "Partly paid"),
                "paid": _lp("invoice", "Paid")},
    "billing": {"none": _lp("order", "Not invoiced"), "part": _lp("order", "Partly invoiced"),
                "full": _lp("order", "Invoiced")},
    "shipping": {"none": _lp("order", "Not shipped"), "part": _lp("order", "Partly shipped"),
                 "full": _lp("order", "Shipped")},
    "channel": {"portal": _l("Portal"), "phone": _l("Phone"), "email": _l("E-mail"), "store": _l("Store"),
                "import": _l("Import")},
    "mode": MODES,
    "method": {"bank": _l("Bank transfer"), "card": _l("Card"), "cash": _l("Cash"), "other": _lp("payment", "Other")},
    "priority": {"low": _lp("priority", "Low"), "normal": _lp("priority", "Normal"),
                 "high": _lp("priority", "High")},
    "sale_type": {"purchase": _lp("sale type", "Purchase"), "gift": _lp("sale type", "Gift"),
                  "test": _lp("sale type", "Trial")},
    "contact_channel": log_entries.CHANNELS, "direction": log_entries.DIRECTIONS, "rating_source": ratings.SOURCES,
    "reason": CUT, "source": SOURCES, "side": SIDES, "fields": FIELDS, "order_state": ORDER_FLOW.states,
    "preset": {"default": _l("Default")},
    "changed_side": {"customer": _l("The customer"), "staff": _l("Our team"), "system": _l("The system")},
    "level": {"reviewer": _l("Reviewer"), "supervisor": _l("Supervisor")},
    "state": {"open": _lp("approval", "Open"), "approved": _lp("approval", "Approved"),
              "rejected": _lp("approval", "Rejected"),
              "waiting": _lp("job", "Waiting"), "sent": _lp("notification", "Sent"),
              "failed": _lp("job", "Failed"), "running": _lp("job", "Running"),
              "stopping": _lp("job", "Stopping"), "stopped": _lp("job", "Stopped"), "done": _lp("job", "Done")},
}  # fmt: skip


VALUES["series"] = VALUES["noun"] | VALUES["type"] | {"invoice": VALUES["noun"]["invoice"]}


def label(name):
    """The label of a column."""
    return LABELS.get(name, name)


def words_of(model, name):
    """The name under which `VALUES` knows the codes of a column: two nouns may mean different things by one word."""
    return getattr(model, "__words__", {}).get(name, name)


def value_label(name, value, states=None):
    """The word of a coded value, where it has one."""
    if states and name == "state":
        return states.get(value, value)
    if isinstance(value, bool):
        return _l("Yes") if value else _l("No")
    if isinstance(value, dict):  # one text in several languages
        return pick(value, locale())
    return VALUES.get(name, {}).get(value, value) if isinstance(value, str) else value
