"""What stands between load and upstream in gateway_vs_nginx.py: this gateway, nginx, or nothing. Each is a
process tree pinned to core 0, with a configuration that is written here and can be read below."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

# The same in both: one thread, no access log of nginx but the gateway's events in a file, connections to the
# upstream kept, streams passed on as they come.
NGINX = """
worker_processes 1;
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream provider {{
        {servers}
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            {buffer}
            proxy_next_upstream error timeout http_503 http_429 non_idempotent;
        }}
    }}
}}
"""

GATEWAY = """\
version: '1'
server:
  threads: 1
events:
  file: {folder}/events.jsonl
providers:
  targets:
{targets}"""

TARGET = """\
    - id: {id}
      provider: openai
      base_url: http://127.0.0.1:{port}/v1
      secret_key_ref:
        env: BENCH_PROVIDER_KEY
"""

# A failing primary is asked on every request, as nginx with max_fails=0 does.
ALWAYS_ASKED = """\
      health_check:
        enabled: false
      breaker:
        enabled: false
      retry:
        attempts_per_target: 1
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spawn(command, **more):
    """A process that others on the machine disturb as little as we are allowed to make it."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True, **more)
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, -20)
        pathlib.Path(f"/proc/{process.pid}/autogroup").write_text("-20")  # which counts where sessions share
    except OSError:
        pass
    return process


def tree(pid):
    """The process and all below it."""
    pids = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            pids += tree(int(child))
    return pids


class Direct:
    """No one: the floor of every time, and what the answers are checked against."""

    def __init__(self, ports, _failing, _folder, _gateway):
        self.port = ports["good"]
        self.pids = []

    def stop(self):
        pass


class Server:
    """A process on core 0 that listens on self.port."""

    def start(self, command, folder):
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            environment = dict(os.environ, BENCH_PROVIDER_KEY="sk-benchmark-provider")
            self.process = spawn(["taskset", "-c", "0", *command], stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + 10
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"gateway_vs_nginx: {command[0]} does not serve:\n{self.log.read_text()}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
                break
            except urllib.error.HTTPError:
                break  # an answer, whatever it is: all its processes are there
            except OSError:
                time.sleep(0.05)
        self.pids = tree(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Nginx(Server):
    buffer = ""

    def __init__(self, ports, failing, folder, _gateway):
        self.port = free_port()
        good = f"server 127.0.0.1:{ports['good']} max_fails=0"
        servers = f"server 127.0.0.1:{ports[failing]} max_fails=0;\n        {good} backup;" if failing else good + ";"
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=self.port, servers=servers, buffer=self.buffer))
        self.start([shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", config], folder)


class NginxLargeBuffer(Nginx):
    buffer = "proxy_buffer_size 64k;"


class Gateway(Server):
    def __init__(self, ports, failing, folder, gateway):
        self.port = free_port()
        targets = [("fallback" if failing else "provider", "good")]
        if failing:
            targets.insert(0, ("primary", failing))
        text = "".join(TARGET.format(id=name, port=ports[port]) + (ALWAYS_ASKED if failing else "")
                       for name, port in targets)
        config = folder / "policy-config.yaml"
        config.write_text(GATEWAY.format(folder=folder, targets=text))
        self.start([gateway, "gateway", "run", "--policy-config", config, "--port", self.port], folder)


PEERS = {"direct": Direct, "nginx": Nginx, "nginx-64k": NginxLargeBuffer, "gateway": Gateway}
