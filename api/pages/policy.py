"""The Content-Security-Policy of the pages: their own files, and nothing inline."""


def page_csp(*, style: str = "'self'", worker: str = "'none'") -> str:
    """The policy of one page; `style` and `worker` are the sources it may take styles and workers from."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src {style}",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            f"worker-src {worker}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


PAGE_CSP = page_csp()
