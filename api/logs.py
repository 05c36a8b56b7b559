"""Structured logs (seed 000 §8.3): one line per event, JSON for machines, readable on a terminal. No secrets."""

import logging
import sys

import structlog

from lyo_rt.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send structlog's and the standard library's records to standard error, in the format the settings ask for."""
    pretty = settings.log_format == "pretty" or (
        settings.log_format is None and settings.environment != "production" and sys.stderr.isatty()
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
    ]
    if not pretty:
        shared += [structlog.processors.format_exc_info, structlog.processors.EventRenamer("message")]
    # Plain tracebacks: those of rich show local variables, and with them passwords and what learners write.
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    level = getattr(logging, settings.log_level)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # It quotes from the PDFs that it cannot read, which are learners'.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    logging.basicConfig(handlers=[sink], level=max(level, logging.WARNING), force=True)
