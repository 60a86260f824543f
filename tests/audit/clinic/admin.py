"""The clinic's views: patients can be exported."""

from __future__ import annotations

from tests.audit.clinic.models import Patient
from webapp.admin import VersionedModelView, register


@register(Patient, name="Patients")
class PatientAdmin(VersionedModelView):
    can_export = True
    permissions = {"viewer": ["see", "export"]}
