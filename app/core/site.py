"""Addresses that visitors name, such as the page to go back to."""


def leads_nowhere_else(address: str) -> bool:
    """Whether an address stays on this site; browsers drop tabs and line breaks from it and read \\ as /."""
    strange = "\\" in address or any(ord(one) < 0x20 for one in address)
    return address.startswith("/") and not address.startswith("//") and not strange
