"""What became of a notification, in words for people."""

from flask_babel import lazy_gettext as _l

REASONS = {
    "bad_address": _l("The address is not a valid e-mail address."),
    "bad_number": _l("The number is not a valid mobile number."),
    "recipient": _l("The mail server does not accept this address."),
    "refused": _l("The mail server refused the message."),
    "sender": _l("The mail server does not accept our sender address."),
    "sign_in": _l("The mail server does not accept our user name and password."),
    "tls": _l("The connection to the mail server could not be encrypted."),
    "unreachable": _l("The mail server cannot be reached."),
    "unwritable": _l("The folder for e-mails cannot be written."),
    "attachment": _l("The attached document could not be made."),
    "gone": _l("What it was about is no longer there."),
    "sms_setting": _l("The address of the SMS service is not valid."),
    "sms_provider": _l("The SMS service did not take the message."),
}


def noted(code, detail):
    """A reason as it is kept: its code, then the other side's own words."""
    return f"{code}: {detail}"[:500] if detail else code


def in_words(error):
    """The reason of `Notification.error` for a reader, and the other side's own words."""
    code, _, detail = error.partition(": ")
    return REASONS.get(code, code), detail
