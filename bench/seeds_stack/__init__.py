"""The stack of the seed documents, built as well as its design allows: the opponent of `make bench`.

FastAPI on uvicorn (uvloop, httptools) for HTTP and WebSockets, Celery with Redis for course generation, one Redis
pub/sub connection in each web process, SQLAlchemy over PostgreSQL. It runs in a virtual environment of its own and
imports nothing of the product.
"""
