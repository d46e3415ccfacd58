"""The console's cookies: for its paths, not for scripts, not sent along from other sites."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from trailmere.web.visit import BASE

if TYPE_CHECKING:
    from trailmere.api.request import Request

SESSION = "trailmere"
BEGUN = "trailmere-begun"  # a sign-in that takes more than one request
BEGUN_SECONDS = 600
SAID = "said"  # carries what was done to the page that comes next


def read(request: Request, name: str) -> str:
    """The value of a cookie, or nothing."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(request.header("cookie")[:8192])
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def written(name: str, value: str, *, secure: bool, seconds: int | None = None) -> str:
    """The header that sets one; an empty value ends it."""
    age = 0 if not value else seconds
    parts = [f"{name}={value}", f"Path={BASE}", "HttpOnly", "SameSite=Lax"]
    return "; ".join(parts + (["Secure"] if secure else []) + ([] if age is None else [f"Max-Age={age}"]))
