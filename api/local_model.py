"""The model this instance runs itself, as far as the settings ask for one: its place, its keeper, its host."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from uuid import UUID

import anyio.to_thread

from actors.crashes import NEVER
from actors.leaseholder import Leaseholder, Teller
from actors.model_host import Load, ModelHost, Standing
from actors.model_keeper import ModelKeeper
from actors.supervisor import Supervisor
from lyo_rt import leases
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.language_models.gemma.process import Running, can_run
from lyo_rt.language_models.gemma.provider import LocalGemma
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.leases import Lease
from lyo_rt.models.address import shown
from lyo_rt.models.artifact import Artifact
from lyo_rt.models.pull import pull
from lyo_rt.models.records import ArtifactFault
from lyo_rt.models.sources import artifact_of, open_source
from lyo_rt.settings import InvalidSettings, Settings

KEEPER, HOST = "model keeper", "model host"


@dataclass(frozen=True)
class LocalModel:
    """What belongs to it. `place` is None where nothing is pulled; `provider` where nothing asks it."""

    settings: Settings
    artifact: Artifact
    place: UUID | None
    provider: LocalGemma | None
    standing: Standing = field(default_factory=Standing)

    @property
    def kind(self) -> str:
        """The kind of the place's lease: only instances that share the place may claim it."""
        return f"model:{self.place}"

    async def start(self, supervisor: Supervisor, database: Database, clock: Clock) -> None:
        """Wait for the model, verify and load it, in the background; see that somebody is there to pull it."""
        supervisor.start(HOST, self.artifact.path, lambda: ModelHost(self.artifact, self.standing, self._load(), clock))
        if self.place is not None:
            # One row for each place, for ever: what is kept is not work that ends.
            await leases.ensure(database, self.kind, self.place)

    def keeper(self, supervisor: Supervisor, leaseholder: Leaseholder, lease: Lease) -> Teller:
        """The actor that pulls under the lease of the place."""
        source, name = open_source(self.settings), shown(self.settings.model_source or "")
        return supervisor.start(
            KEEPER,
            lease.epoch,
            lambda: ModelKeeper(lease, leaseholder, partial(pull, self.artifact, source, name), self._failed),
            policy=NEVER,
        )

    def _failed(self, fault: ArtifactFault) -> None:
        self.standing.pull_fault = fault

    def _load(self) -> Load | None:
        if self.provider is None:
            return None
        settings, named = self.settings, self.settings.model_source or str(self.artifact.path)
        how = Running(settings.gemma_context, settings.gemma_parallel, settings.gemma_threads)
        log = settings.lyo_data_dir / "models" / "gemma.log"
        return partial(self.provider.running, self.artifact.path, PurePosixPath(urlsplit(named).path).stem, how, log)


async def open_local_model(settings: Settings) -> LocalModel | None:
    """The model of the settings; nothing runs yet. Raises InvalidSettings."""
    artifact = artifact_of(settings)
    if artifact is None:
        return None
    asked = "gemma" in settings.providers()
    if asked and not can_run():
        name = "MODEL_SOURCE" if settings.model_source else "MODEL_PATH"
        raise InvalidSettings(
            [f"{name}: to run a model, this server needs its extra `gemma`; `make gemma` installs it"]
        )
    place = None
    if settings.model_source is not None:
        try:
            place = await anyio.to_thread.run_sync(artifact.place_id)
        except ArtifactFault as fault:
            raise InvalidSettings([f"MODEL_PATH: {fault.detail}"]) from None
    return LocalModel(settings, artifact, place, local_gemma(settings) if asked else None)


def local_gemma(settings: Settings) -> LocalGemma:
    """The provider, before a model is loaded."""
    timeouts = Timeouts(settings.ai_first_token_timeout, settings.ai_token_timeout, settings.ai_total_timeout)
    return LocalGemma(parallel=settings.gemma_parallel, timeouts=timeouts)
