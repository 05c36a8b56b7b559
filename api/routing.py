"""The rules of the app's routes."""

from collections.abc import Callable

from quart.routing import QuartRule

Builder = Callable[..., tuple[str, str]]


class Route(QuartRule):
    """A rule as Quart has it, except that what builds a URL from it is compiled for the first URL that is built.

    Werkzeug compiles two functions for every rule as it is added: two thirds of the time that making the app takes,
    and no URL is built from a rule here.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        compile_now = super()._compile_builder
        compiled: list[Builder] = []

        def build(rule: Route, /, **values: object) -> tuple[str, str]:
            if not compiled:
                compiled.append(compile_now(append_unknown))
            return compiled[0](rule, **values)

        return build
