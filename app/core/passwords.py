"""How long a password is; light, since the launcher looks at those of the environment before anything is made."""

AT_LEAST, AT_MOST = 8, 200
AT_LEAST_IN_DEMO = 1  # nobody's data is behind it


def fault(password: str, at_least: int = AT_LEAST) -> str:
    """Why nobody may have this password: 'short', 'long', or nothing."""
    if len(password.strip("\0 ")) < at_least:
        return "short"
    return "long" if len(password) > AT_MOST or "\0" in password else ""
