from omnichannel.models.behaviour import (
    BehaviourEvent,
    EventProperty,
    EventTold,
    EventType,
    KnownVisitor,
    PropertyKind,
    VisitorEvent,
    VisitorKind,
)
from omnichannel.models.cases import CaseKind, CasePriority, CaseState, CaseStep, ServiceCase
from omnichannel.models.catalogue import Category, Product, ProductPrice
from omnichannel.models.interactions import Interaction, InteractionKind
from omnichannel.models.keys import ApiKey
from omnichannel.models.messages import Message
from omnichannel.models.orders import Order, OrderLine, OrderSource, OrderState, Receipt, UnclaimedOrder
from omnichannel.models.places import Place, Programme, StaffPlace, Till
from omnichannel.models.return_slips import ReturnSlip, SlipOutcome
from omnichannel.models.returns import OrderReturn, ReturnKind, ReturnLine
from omnichannel.models.surveys import Survey, SurveyInvitation

__all__ = [
    "ApiKey",
    "BehaviourEvent",
    "CaseKind",
    "CasePriority",
    "CaseState",
    "CaseStep",
    "Category",
    "EventProperty",
    "EventTold",
    "EventType",
    "Interaction",
    "InteractionKind",
    "KnownVisitor",
    "Message",
    "Order",
    "OrderLine",
    "OrderReturn",
    "OrderSource",
    "OrderState",
    "Place",
    "Product",
    "ProductPrice",
    "Programme",
    "PropertyKind",
    "Receipt",
    "ReturnKind",
    "ReturnLine",
    "ReturnSlip",
    "ServiceCase",
    "SlipOutcome",
    "StaffPlace",
    "Survey",
    "SurveyInvitation",
    "Till",
    "UnclaimedOrder",
    "VisitorEvent",
    "VisitorKind",
]
