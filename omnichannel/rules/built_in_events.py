"""Event types that every programme has, until it declares one with the same code otherwise."""

from omnichannel.rules.behaviour import EventType, Fault, Property, find_fault_of_properties

_PRODUCT = Property(name="product")
_PAGE = [
    Property(name="url"),
    Property(name="product"),
    Property(name="category"),
    Property(name="seconds", kind="number"),
]
_CART = [
    Property(name="product", is_required=True),
    Property(name="quantity", kind="number"),
    Property(name="cart"),
]

BUILT_IN = {
    one.code: one
    for one in (
        EventType(
            code="page_view", title="Page view", properties=_PAGE, is_act=False, is_told_by_members=True
        ),
        EventType(
            code="search",
            title="Search",
            properties=[Property(name="words", is_required=True), Property(name="results", kind="number")],
            is_act=False,
            is_told_by_members=True,
        ),
        EventType(
            code="ad_click",
            title="Click on an advertisement",
            properties=[Property(name=name) for name in ("source", "medium", "campaign", "content", "term")],
            is_act=False,
        ),
        EventType(code="app_open", title="App opened", is_act=False, is_told_by_members=True),
        EventType(
            code="cart_add",
            title="Put into the cart",
            properties=_CART,
            is_act=False,
            is_told_by_members=True,
        ),
        EventType(
            code="cart_remove",
            title="Taken out of the cart",
            properties=_CART,
            is_act=False,
            is_told_by_members=True,
        ),
        EventType(
            code="review",
            title="Review",
            properties=[
                _PRODUCT,
                Property(name="rating", kind="number", allowed=["1", "2", "3", "4", "5"]),
                Property(name="letters", kind="number"),
                Property(name="has_photo", kind="yes_no"),
            ],
        ),
        EventType(code="check_in", title="Check-in", properties=[Property(name="how")]),
        EventType(
            code="survey_answer",
            title="Survey answered",
            properties=[Property(name="survey", is_required=True), Property(name="score", kind="number")],
        ),
        EventType(
            code="app_install",
            title="App installed",
            properties=[Property(name="platform", allowed=["android", "ios", "web"])],
            is_told_by_members=True,
        ),
        EventType(code="profile_completed", title="Profile completed"),
        EventType(code="newsletter_signup", title="Newsletter ordered"),
        EventType(
            code="event_attended",
            title="Event attended",
            properties=[Property(name="event", is_required=True)],
        ),
        EventType(
            code="share",
            title="Shared",
            properties=[_PRODUCT, Property(name="where")],
            is_told_by_members=True,
        ),
    )
}


def find_fault_of_type(kind: EventType) -> Fault | None:
    """Why a programme cannot declare this type. Rules may count on what a built-in one says: it keeps
    its properties, of their kinds, and an act stays one.
    """
    if fault := find_fault_of_properties(kind.properties):
        return Fault("event_type_not_valid", fault, "/properties")
    built_in = BUILT_IN.get(kind.code)
    if built_in is None:
        return None
    kept = {(one.name, one.kind) for one in kind.properties}
    lost = [one for one in built_in.properties if (one.name, one.kind) not in kept]
    if lost:
        words = ", ".join(f"{one.name} ({one.kind})" for one in lost)
        detail = f"{built_in.title} is built in and keeps its properties: {words} is missing."
        return Fault("event_type_not_valid", detail, "/properties")
    if built_in.is_act and not kind.is_act:
        detail = f"{built_in.title} is built in and stays what may earn points; retire it if it is over."
        return Fault("event_type_not_valid", detail, "/is_act")
    return None
