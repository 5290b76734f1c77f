"""The test endpoint: moto behind our front, on a free port of this machine. Says `READY <url>` when it listens, and ends
when its standard input does, so that it never outlives a test that died.
"""

import os
import sys
import threading
import time

# Before moto is imported. A thousand images would cost a second, services must run something, and times are UTC.
sys.dont_write_bytecode = True
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ.setdefault("MOTO_ECS_SERVICE_RUNNING", "2")
os.environ["TZ"] = "UTC"
time.tzset()

from moto.ecs.models import EC2ContainerServiceBackend  # noqa: E402
from moto.moto_api import state_manager  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from front import Front  # noqa: E402


class Handler(MotoRequestHandler):
    def log_request(self, *_) -> None:
        """The calls are noted; a line for each would bury what is worth reading."""


def mend_moto() -> None:
    """Tasks that stay, and that are listed by their service."""
    state_manager.register_default_transition("ecs::task", {"progression": "manual", "times": 1_000_000_000})
    list_tasks = EC2ContainerServiceBackend.list_tasks

    def of_service(self, *arguments, service_name=None, **named):
        tasks = list_tasks(self, *arguments, **named)
        name = (service_name or "").rsplit("/", 1)[-1]
        return [task for task in tasks if not name or task.group == f"service:{name}"]

    EC2ContainerServiceBackend.list_tasks = of_service


def end_with_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


def main() -> None:
    mend_moto()
    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Handler)
    if "--stay" not in sys.argv:
        threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"READY http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
