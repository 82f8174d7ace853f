"""GET /v2/info/usage: what the caller's project may have and has."""

from glancepipe.contract import Call, Nouns, UsageReport


def show_usage(nouns: Nouns, call: Call) -> UsageReport:
    """Usage and limit by the limit's name. Raises LimitsUnavailable (FEATURES 4.4-03)."""
    return nouns.usage.report(call, call.initiator.project_id)
