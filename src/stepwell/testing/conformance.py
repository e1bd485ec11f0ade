"""The whole conformance suite as one class, to inherit in the tests of an engine."""

from __future__ import annotations

from stepwell.testing.adoption import AdoptionConformance
from stepwell.testing.compensation import CompensationConformance
from stepwell.testing.copies import CopiesConformance
from stepwell.testing.correction import CorrectionConformance
from stepwell.testing.documentation import DocumentationConformance
from stepwell.testing.dry_run import DryRunConformance
from stepwell.testing.failure import FailureConformance
from stepwell.testing.fingerprints import FingerprintsConformance
from stepwell.testing.history import HistoryConformance
from stepwell.testing.journal import JournalConformance
from stepwell.testing.misuse import MisuseConformance
from stepwell.testing.movement import MovementConformance
from stepwell.testing.repair import RepairConformance
from stepwell.testing.runners import RunnersConformance
from stepwell.testing.savepoints import SavepointConformance
from stepwell.testing.snapshots import SnapshotsConformance
from stepwell.testing.tables import TablesConformance


class EngineConformance(
    MovementConformance,
    HistoryConformance,
    FailureConformance,
    SavepointConformance,
    MisuseConformance,
    DocumentationConformance,
    DryRunConformance,
    TablesConformance,
    CorrectionConformance,
    RunnersConformance,
    JournalConformance,
    RepairConformance,
    CompensationConformance,
    CopiesConformance,
    SnapshotsConformance,
    AdoptionConformance,
    FingerprintsConformance,
):
    """Everything that an engine promises. What an engine has no ability for is expected to be told, not to work."""
