"""What the settings say of the model: its place, and the source that `MODEL_SOURCE` names."""

from lyo_rt.models.address import HUGGING_FACE, Bucket, HuggingFace, Local, Web, parse
from lyo_rt.models.artifact import Artifact
from lyo_rt.models.source import Source
from lyo_rt.settings import Settings


def artifact_of(settings: Settings) -> Artifact | None:
    """The model's place, absolute; None when no model runs here."""
    if settings.model_file is None or settings.model_checksum is None:
        return None
    return Artifact(settings.model_file.absolute(), settings.model_checksum)


def open_source(settings: Settings) -> Source:
    """The source of the settings, which have one. Nothing is fetched before it is asked."""
    if settings.model_source is None:
        raise ValueError("a source was asked for where MODEL_SOURCE is not set")
    from lyo_rt.models.file_source import FileSource
    from lyo_rt.models.http_source import HttpSource  # httpx takes 0.1 s to import, and most servers pull nothing
    from lyo_rt.models.object_source import ObjectSource

    match parse(settings.model_source):
        case HuggingFace() as file:
            token = settings.hf_token
            headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
            return HttpSource(file.url(settings.hf_endpoint or HUGGING_FACE), headers)
        case Bucket() as bucket:
            return ObjectSource(bucket)
        case Web(url):
            return HttpSource(url)
        case Local(path):
            return FileSource(path)
