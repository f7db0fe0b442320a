"""Starts the command of a unit in a root of its own, as systemd would, and looks at it until it has ended.

    supervise.py ROOT UNIT UID GID

Listens on a socket of sd_notify(3), needs READY=1 and a sign of life, looks at what the kernel says of the process, sends
SIGTERM, and needs STOPPING=1 or a clean end. Exit code 1 and a line for each law that does not hold.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

START_SECONDS_MAX = 60

root, unit, uid, gid = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
text = open(unit, encoding="utf-8").read()
setting = lambda name: re.search(rf"^{name}=(.*)$", text, re.M).group(1)
command = shlex.split(setting("ExecStart"))
assert setting("Type") == "notify" and setting("User") == "avow-agent", "the unit is another than this program knows"

failures = []


def need(holds, law):
    if not holds:
        failures.append(law)
        print(f"not so: {law}")


# In a mount namespace of our own, which ends with us.
subprocess.run(["mount", "-t", "proc", "proc", f"{root}/proc"], check=True)
subprocess.run(["mount", "--rbind", "-o", "ro", "/sys", f"{root}/sys"], check=True)

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(f"{root}/run/notify")
os.chmod(f"{root}/run/notify", 0o666)

rights = [shutil.which("setpriv"), f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
rights += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
environment = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1000000"}


def inside(arguments, **more):
    return [shutil.which("chroot"), root, *rights, *arguments]


service = subprocess.Popen(inside(command), env=environment, stderr=subprocess.PIPE, text=True)
said = set()
deadline = time.monotonic() + START_SECONDS_MAX
manager.settimeout(1)
while time.monotonic() < deadline and not {"READY=1", "WATCHDOG=1"} <= said and service.poll() is None:
    try:
        said.add(manager.recv(4096).decode())
    except TimeoutError:
        pass
need("READY=1" in said, "the service says that it is ready")
need("WATCHDOG=1" in said, "the service says that it is alive")
need(service.poll() is None, "the service runs")

if service.poll() is None:
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{service.pid}/status") if ":\t" in line)
    status = {name: value.strip() for name, value in status.items()}
    need(status["Uid"].split() == [str(uid)] * 4, f"it runs as its user: {status['Uid']}")
    need(status["CapEff"] == status["CapPrm"] == "0" * 16, "it has no capability")
    need(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "it can gain no rights, and filters its calls")
    print(f"resident memory of the waiting service: {status['VmRSS']}, threads: {status['Threads']}")
    need(os.path.exists(f"{root}/var/lib/avow-agent/report.key"), "it has made its key")
    service.send_signal(signal.SIGTERM)
try:
    _, log = service.communicate(timeout=START_SECONDS_MAX)
except subprocess.TimeoutExpired:
    service.kill()
    _, log = service.communicate()
    need(False, "it ends when it is asked to")
need(service.returncode == 0, f"it ends with 0: {service.returncode}")
need("put a join token into /etc/avow/join-token" in log, "it says where it waits for its join token")
need("the agent is confined" in log or "confined in part" in log, "it says how far it is confined")

gather = inside([command[0], "gather", "--confined", "--output", "json"])
gathered = subprocess.run(gather, env={}, capture_output=True, text=True, timeout=START_SECONDS_MAX)
need(gathered.returncode == 0, f"it gathers: {gathered.stderr}")
if gathered.returncode == 0:
    facts = json.loads(gathered.stdout)["facts"]
    need("present" in facts["memory"] and "present" in facts["agent"], "it reads the machine behind its confinement")

# The reader of Ceph, with a key that only the agent's group may read, and a monitor that is not there: it says so itself.
if os.path.exists(f"{root}/usr/bin/avow-source-ceph"):
    os.makedirs(f"{root}/etc/ceph", exist_ok=True)
    with open(f"{root}/etc/ceph/ceph.conf", "w", encoding="utf-8") as conf:
        conf.write("[global]\nfsid = 9c1f6b0e-2f0f-4b39-8a43-4f5c7a3b8d10\nmon_host = 127.0.0.1:1\n")
    keyring = f"{root}/etc/ceph/ceph.client.avow.keyring"
    with open(keyring, "w", encoding="utf-8") as key:
        key.write("[client.avow]\n\tkey = AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==\n")
    os.chown(keyring, 0, gid)
    os.chmod(keyring, 0o640)
    environment = {"AVOW_SOURCES__DEADLINE_MS": "2000"}
    gathered = subprocess.run(gather, env=environment, capture_output=True, text=True, timeout=START_SECONDS_MAX)
    said = json.loads(gathered.stdout)["facts"]["ceph"] if gathered.returncode == 0 else gathered.stderr
    print(f"the reader of Ceph without a cluster: {said}")
    detail = said.get("absent", {}).get("detail", "") if isinstance(said, dict) else ""
    need(detail and "install" not in detail and "killed" not in detail and "ended with" not in detail, f"the reader of Ceph runs: {said}")
    shutil.rmtree(f"{root}/etc/ceph")

if failures:
    print(log, file=sys.stderr)
sys.exit(1 if failures else 0)
