"""What the forms of a professional's details share: how they are read, and what each fault is called."""

from collections.abc import Mapping

from server.access.bodies import BODIES, Details, faults_of, tidy

FIELDS = ("title", "name", "qualifications", "field_of_practice", "body", "registration")


def details_of(form: Mapping[str, str]) -> Details:
    return tidy(Details(*(form.get(field, "") for field in FIELDS)))


def shown_details(form: Mapping[str, str]) -> dict[str, object]:
    """Return what `staff/details_fields.html` needs beside the faults."""
    return {"details": {field: form.get(field, "")[:300] for field in FIELDS}, "bodies": BODIES}


def detail_faults(form: Mapping[str, str]) -> dict[str, str]:
    """Return by field a code such as `name_missing` or `registration_format`."""
    return {field: f"{field}_{code}" for field, code in faults_of(details_of(form)).items()}
