"""The table of all faults that can be armed.

It is the documentation and the check of what a client arms. Not here: what is armed (`armed.py`).
"""

from typing import Any

from semantic_assets.emulator.faults import faults_of_calls, faults_of_jobs, faults_of_platform
from semantic_assets.emulator.faults.fault import REQUIRED, Fault, Parameters
from semantic_assets.emulator.http.errors import invalid_argument

_ROWS = (*faults_of_calls.ROWS, *faults_of_jobs.ROWS, *faults_of_platform.ROWS)
FAULTS = {
    name: Fault(name=name, at=at, meaning=meaning, parameters=parameters)
    for at, name, meaning, parameters in _ROWS
}


def complete(name: str, given: Parameters) -> dict[str, Any]:
    """Return the parameters of a fault, with defaults for those not given.

    Raises:
        GoogleError: 400, for an unknown fault, parameter or value.
    """
    fault = FAULTS.get(name)
    if fault is None:
        raise invalid_argument(f"There is no fault {name!r}. There are: {', '.join(FAULTS)}.")
    if unknown := given.keys() - fault.parameters.keys():
        raise invalid_argument(
            f"{name} has no parameter {min(unknown)!r}. It has: {', '.join(fault.parameters)}."
        )
    return {
        parameter: _checked(f"{name}: {parameter}", given.get(parameter), default)
        for parameter, default in fault.parameters.items()
    }


def _checked(label: str, value: Any, default: Any) -> Any:
    if default is REQUIRED:
        if isinstance(value, str) and value:
            return value
        raise invalid_argument(f"{label} must be given, as a text.")
    if value is None:
        return default[0] if isinstance(default, tuple) else default
    if isinstance(default, tuple):
        is_fit = value in default
    elif isinstance(default, float):
        is_fit = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        is_fit = default is None or type(value) is type(default)
    if not is_fit:
        raise invalid_argument(f"{label} cannot be {value!r}; the default is {default!r}.")
    return value
