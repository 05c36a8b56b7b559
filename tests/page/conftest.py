"""A headless Chromium before the running product."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.clean_logs import LOGS
from tests.page.product import Product, language_model
from tests.page.visitor import Visitor

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Product]:
    """The running product."""
    with language_model() as provider:
        product = Product(tmp_path_factory.mktemp("page"), provider)
        product.start()
        try:
            yield product
        finally:
            product.stop()
            pytestconfig.stash[LOGS].read(product.log(), "the demo page's server")


# The package's own and no longer: while Playwright's synchronous side runs, its thread has an event loop, and no other
# test could start one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is not on PATH; on Debian get it with: sudo apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def screen() -> dict[str, object]:
    """How the browser is set up: Playwright's options of a context."""
    return {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def visitor(product: Product, browser: Browser, screen: dict[str, object]) -> Iterator[Visitor]:
    """A learner who has never been here. What the console says is a failure in the end."""
    yield from _visitor(browser, product, screen)


@pytest.fixture(scope="package")
def signed_in(product: Product, browser: Browser) -> object:
    """What a browser keeps in which the demo learner has signed in."""
    with browser.new_context() as context:
        Visitor(context, product.address).as_demo()
        return context.storage_state()


@pytest.fixture
def learner(product: Product, browser: Browser, screen: dict[str, object], signed_in: object) -> Iterator[Visitor]:
    """The demo learner, back again and signed in. What the console says is a failure in the end."""
    yield from _visitor(browser, product, {**screen, "storage_state": signed_in})


def _visitor(browser: Browser, product: Product, options: dict[str, object]) -> Iterator[Visitor]:
    # Without a graphics card every frame of an animation is painted by the processor that also runs the server.
    with browser.new_context(reduced_motion="reduce", **options) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(context, product.address)
        yield visitor
    assert visitor.complaints() == []
