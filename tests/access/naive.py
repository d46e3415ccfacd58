"""A second evaluator, written from the IAM user guide's text and flow charts by other means than the first: it reads
the JSON anew for each question, matches wildcards by a table, and shares nothing with the software but the question.

It is slow and trusts that the policies are well-formed.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trailmere.access.records import Identity, Kind

if TYPE_CHECKING:
    from trailmere.access.evaluate import Question

ANY, ONE, COLON = object(), object(), object()  # a colon of the policy itself, not of a variable's value


def decide(question: Question, identity: list[str], resource: str | None, session: str | None, *, trust: bool) -> str:
    """ALLOW, EXPLICIT_DENY or IMPLICIT_DENY."""
    context = {key: list(values) for key, values in question.context.items()} | principal_keys(question)
    everything = [*identity, *([resource] if resource else []), *([session] if session else [])]
    if any(matching(text, "Deny", question, context) for text in everything):
        return "EXPLICIT_DENY"
    who = question.identity
    by_identity = who.kind is Kind.ROOT or any(matching(text, "Allow", question, context) for text in identity)
    by_session = session is None or bool(matching(session, "Allow", question, context))
    named: list[str] = []
    if resource is not None:
        for statement in matching(resource, "Allow", question, context):
            named += [name for name in principals(statement["Principal"]) if is_named(name, who)]
    if who.kind is Kind.SERVICE:
        return "ALLOW" if named else "IMPLICIT_DENY"
    owner = question.resource.split(":")[4] if question.resource != "*" else who.account_id
    if owner != who.account_id:
        return "ALLOW" if named and by_identity and by_session else "IMPLICIT_DENY"
    if any(name == who.arn and who.kind is not Kind.ROOT for name in named):
        return "ALLOW"  # "not limited by an implicit deny in an identity-based policy ... or session policy"
    if any(name in ("*", who.role_arn) for name in named):
        return "ALLOW" if by_session else "IMPLICIT_DENY"
    if trust and not named:
        return "IMPLICIT_DENY"  # "IAM role trust policies ... must explicitly allow"
    return "ALLOW" if by_identity and by_session else "IMPLICIT_DENY"


def principal_keys(question: Question) -> dict[str, list[str]]:
    who = question.identity
    if who.kind is Kind.SERVICE:
        keys = {"aws:principalisawsservice": "true", "aws:principalservicename": who.name}
    else:
        keys = {
            "aws:principalisawsservice": "false",
            "aws:principalaccount": who.account_id,
            "aws:principalarn": who.role_arn if who.role_arn is not None else who.arn,
            "aws:userid": who.principal_id,
            "aws:principaltype": {"Root": "Account", "IAMUser": "User", "AssumedRole": "AssumedRole"}[who.kind.value],
        }
        if who.kind is Kind.USER:
            keys["aws:username"] = who.name
        if who.kind is Kind.ASSUMED_ROLE:
            keys["aws:multifactorauthpresent"] = str(who.mfa).lower()
    keys["aws:resourceaccount"] = who.account_id if question.resource == "*" else question.resource.split(":")[4]
    if who.issued is not None:
        keys["aws:tokenissuetime"] = who.issued.isoformat()
    return {key: [value] for key, value in keys.items()}


def matching(text: str, effect: str, question: Question, context: dict[str, list[str]]) -> list[dict[str, Any]]:
    policy = json.loads(text)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    variables = policy.get("Version") == "2012-10-17"
    return [one for one in statements if one["Effect"] == effect and matches(one, question, context, variables)]


def matches(statement: dict[str, Any], question: Question, context: dict[str, list[str]], variables: bool) -> bool:
    who = question.identity
    if "Principal" in statement and not any(is_named(name, who) for name in principals(statement["Principal"])):
        return False
    if "NotPrincipal" in statement:
        left_out = {name for name in principals(statement["NotPrincipal"]) if is_named(name, who)}
        if who.kind is Kind.SERVICE:
            needed = [{who.name}]
        else:
            needed = [{who.account_id, f"arn:aws:iam::{who.account_id}:root"}]
            needed += [{who.arn}] if who.kind is not Kind.ROOT else []
            needed += [{who.role_arn or ""}] if who.kind is Kind.ASSUMED_ROLE else []
        if all(names & left_out for names in needed):
            return False
    asked = question.action.lower()
    if "Action" in statement and not any(glob(text.lower(), asked) for text in listed(statement["Action"])):
        return False
    if "NotAction" in statement and any(glob(text.lower(), asked) for text in listed(statement["NotAction"])):
        return False
    resource = question.resource
    if "Resource" in statement and not any(
        arn_like(text, resource, context, variables) or is_dashboard_of_service(text, statement, resource)
        for text in listed(statement["Resource"])
    ):
        return False
    if "NotResource" in statement and any(
        arn_like(text, resource, context, variables) for text in listed(statement["NotResource"])
    ):
        return False
    return all(
        holds(operator, context.get(key.lower(), []), [spelled(value) for value in listed(values)], context, variables)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def is_dashboard_of_service(text: str, statement: dict[str, Any], resource: str) -> bool:
    """CloudTrail's own example allows the service to query a store with the dashboards as Resource."""
    return "Service" in statement.get("Principal", "") and ":dashboard/" in text and ":eventdatastore/" in resource


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def principals(element: Any) -> list[str]:
    return ["*"] if element == "*" else [name for names in element.values() for name in listed(names)]


def is_named(name: str, who: Identity) -> bool:
    if name == "*":
        return True
    if who.kind is Kind.SERVICE:
        return name == who.name
    return name in (who.account_id, f"arn:aws:iam::{who.account_id}:root", who.arn, who.role_arn)


def holds(operator: str, values: list[str], wanted: list[str], context: dict[str, list[str]], variables: bool) -> bool:
    if operator == "Null":
        return any((value.lower() == "true") == (not values) for value in wanted)
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        name = name[: -len("IfExists")]
        if not values:
            return True
    negated = "Not" in name
    plain = name.replace("Not", "")
    if not values:
        return True if quantifier == "ForAllValues" else (negated and not quantifier)
    outcomes = []
    for value in values:
        met = False
        for one in wanted:
            met = met or compare(plain, value, one, context, variables)
        outcomes.append(met is not negated)
    return True in outcomes if quantifier == "ForAnyValue" else False not in outcomes


def compare(operator: str, value: str, wanted: str, context: dict[str, list[str]], variables: bool) -> bool:
    if operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike"):
        tokens = tokenize(wanted, context, variables)
        if tokens is None:
            return False
        if operator == "StringLike":
            return table(tokens, value)
        text = "".join({ANY: "*", ONE: "?", COLON: ":"}.get(token, token) for token in tokens)
        return text == value if operator == "StringEquals" else text.lower() == value.lower()
    if operator in ("ArnEquals", "ArnLike"):
        return arn_like(wanted, value, context, variables)
    if operator == "Bool":
        return value.lower() == wanted.lower()
    if operator == "BinaryEquals":
        return base64.b64decode(wanted) == value.encode()
    if operator == "IpAddress":
        address = ipaddress.ip_address(re.sub(r"^::ffff:(?=\d+\.)", "", value))
        return address in ipaddress.ip_network(wanted, strict=False)
    family = "Numeric" if operator.startswith("Numeric") else "Date"
    number = Fraction if family == "Numeric" else seconds
    left, right = number(value), number(wanted)
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[operator[len(family) :]]


def seconds(text: str) -> Fraction:
    if text.isdigit():
        return Fraction(int(text))
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return Fraction((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def arn_like(text: str, value: str, context: dict[str, list[str]], variables: bool) -> bool:
    """Whole ARNs, with the rule that no wildcard stands for a colon before the resource."""
    if text == "*":
        return True
    tokens = tokenize(text, context, variables)
    if tokens is None or value.count(":") < 5:
        return False
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token is COLON and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    return all(table(part, given) for part, given in zip(parts, value.split(":", 5), strict=True))


def glob(text: str, value: str) -> bool:
    return table([{"*": ANY, "?": ONE}.get(char, char) for char in text], value)


def tokenize(text: str, context: dict[str, list[str]], variables: bool) -> list[Any] | None:
    """Characters and wildcards. None when a variable has no value."""
    tokens: list[Any] = []
    place = 0
    while place < len(text):
        if variables and text.startswith("${", place):
            end = text.index("}", place)
            inner = text[place + 2 : end]
            place = end + 1
            if inner in ("*", "?", "$"):
                tokens.append(inner)
                continue
            key, comma, default = inner.partition(",")
            values = context.get(key.strip().lower(), [])
            if not values and not comma:
                return None
            tokens += list(values[0] if values else default.strip()[1:-1])
            continue
        tokens.append({"*": ANY, "?": ONE, ":": COLON}.get(text[place], text[place]))
        place += 1
    return tokens


def table(tokens: list[Any], value: str) -> bool:
    """Row by row: which prefixes of ``value`` the tokens so far can be."""
    row = [True] + [False] * len(value)
    for token in tokens:
        if token is ANY:
            reached, following = False, []
            for cell in row:
                reached = reached or cell
                following.append(reached)
        else:
            letter = ":" if token is COLON else token
            following = [False] + [row[index] and (token is ONE or letter == char) for index, char in enumerate(value)]
        row = following
    return row[-1]
