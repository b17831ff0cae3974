"""All of them."""

from tests.chaos.outside.money import money
from tests.chaos.outside.refusals_and_places import refusals_and_places
from tests.chaos.outside.time_and_absence import time_and_absence
from tests.chaos.outside.two_services import two_services
from tests.chaos.scenarios import Scenario


def outside() -> list[Scenario]:
    return [*money(), *time_and_absence(), *refusals_and_places(), *two_services()]
