"""experiment: a client that does not read."""
import pytest, anyio, json, socket, time, gc, os
from websockets.asyncio.client import connect
from api.realtime.application import Realtime
from api.realtime.socket import Patience
from tests.api.conftest import *
from tests.conftest import *
from tests.api.learners import *
from lyo_rt import streams
_orig=socket.create_server
def _cs(*a,**k):
    l=_orig(*a,**k); l.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000); l.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128*1024); return l
socket.create_server=_cs
pytestmark = pytest.mark.anyio

def rss():
    return int(__import__('pathlib').Path('/proc/self/statm').read_text().split()[1])*4//1024

@pytest.fixture
def realtime(instance):
    instance.realtime = Realtime(instance.services, instance.feeds, instance.sessions, Patience(write=0.5))
    return instance.realtime

async def test_slow(instance, address):
    services = instance.services
    async with await signed_in(services, address) as learner:
        token = token_of(learner)
        who = services.accounts.identify(token)
        host, port = address
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192); s.connect((host,port)); s.setblocking(False)
        async with connect(f"ws://{host}:{port}/v1/ws?token={token}", sock=s, max_queue=1, compression="deflate") as ws:
            print(ws.response.headers)
            await ws.send(json.dumps({"type":"hello"}))
            print(await ws.recv())
            await ws.send(json.dumps({"type":"subscribe","id":"1","stream":f"user:{who.user_id}"}))
            print(await ws.recv())
            t0=time.monotonic()
            print("rss", rss())
            async def push():
                for n in range(60):
                    async with services.database.transaction() as tx:
                        for _ in range(50):
                            await streams.append(tx, f"user:{who.user_id}", "x", {"t": "x"*8000})
            async with anyio.create_task_group() as tg:
                tg.start_soon(push)
                for _ in range(10):
                    await anyio.sleep(4)
                    import pathlib, asyncio
                    hexport = f"{port:04X}"
                    rows=[l.split() for l in pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]]
                    print(round(time.monotonic()-t0,1), instance.sessions.statistics(), len(instance.realtime._open), [(r[1][-4:], r[2][-4:], r[3], r[4]) for r in rows if r[1].endswith(hexport) or r[2].endswith(hexport)], rss(), len(asyncio.all_tasks()))
            print("leaving")
            ws.transport.abort()
