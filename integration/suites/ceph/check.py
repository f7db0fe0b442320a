"""What the agent says of a real cluster: against a golden fact, with a frozen monitor, with a wrong key, and how dear it is.

check.py PROGRAMS CLUSTER SUITE. Prints one line for each check, and the count. What the cluster is, is known to cluster.sh.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS, CLUSTER, SUITE = (Path(argument) for argument in sys.argv[1:4])
OTHERS = ["cpu", "kernel", "memory"]
POOLS = ["archive", "volumes"]
ROUNDS = 50
ROUND_CPU_MS_MAX = 10.0 if "release" in PROGRAMS.parts else 60.0

results = []


def check(name, good, otherwise=""):
    """Prints one check."""
    results.append(bool(good))
    print(f"ok {name}" if good else f"FAILED {name}: {otherwise}")


def gather(deadline_ms=5000, conf="ceph.conf", keyring="client.avow.keyring", options=()):
    """One round of the agent: its facts, and how many seconds it took."""
    config = CLUSTER / "agent.toml"
    # With a collector that is known, a confined agent may connect to its port and to those of monitors, and to no other.
    config.write_text(
        f"[collector]\naddress = \"https://192.0.2.1:7443\"\n[sources]\ndeadline_ms = {deadline_ms}\nceph_conf = {json.dumps(str(CLUSTER / conf))}\n"
        f"ceph_keyring = {json.dumps(str(CLUSTER / keyring))}\ndisabled = [\"libvirt\"]\n"
    )
    started = time.monotonic()
    command = [PROGRAMS / "avow-agent", "gather", "--output", "json", "--config", config, *options]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout
    return json.loads(output)["facts"], time.monotonic() - started


def signal(daemon, name):
    """Sends a daemon of the cluster a signal."""
    subprocess.run([SUITE / "cluster.sh", "signal", CLUSTER, daemon, name], check=True)


def others_present(facts):
    """Whether sources that have nothing to do with Ceph read what they always do."""
    return all("present" in facts[name] for name in OTHERS)


def reason(facts):
    """Why there is no fact."""
    return facts["ceph"].get("absent", {}).get("reason")


def scrubbed(fact):
    """A fact without what differs between two clusters made alike: identity, machine, version of Ceph, the manager's pool.

    The manager makes a pool for itself when it comes to it, and pools are numbered in the order that they are made in.
    """
    fact = json.loads(json.dumps(fact))
    pools = [pool for pool in fact["pools"]["present"] if pool["name"] in POOLS]
    fact["pools"]["present"] = sorted(({**pool, "id": "ID"} for pool in pools), key=lambda pool: pool["name"])
    hostnames = {socket.gethostname(), *(osd["hostname"].get("present", "") for osd in fact["osds"]["present"])}
    versions = {entry["version"] for entry in fact["versions"]["present"]}
    text = json.dumps(fact, indent=1, sort_keys=True)
    text = text.replace(json.dumps(fact["fsid"]["present"]), '"FSID"')
    for hostname in hostnames - {""}:
        text = text.replace(json.dumps(hostname), '"HOST"')
    for version in versions:
        text = text.replace(json.dumps(version), '"VERSION"')
    return text + "\n"


def check_golden():
    """The whole fact, as a person reviewed it."""
    facts, _ = gather()
    if "present" not in facts["ceph"]:
        check("the fact is there", False, facts["ceph"])
        return
    fact = facts["ceph"]["present"]["ceph"]
    read, golden = scrubbed(fact), SUITE / "fact.golden.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(read)
    expected = golden.read_text().splitlines() if golden.exists() else []
    lines = read.splitlines()
    differ = [f"{index + 1}: {a!r}" for index, (a, b) in enumerate(zip(lines, expected)) if a != b]
    check("the fact is the golden one", lines == expected, f"{len(lines)} lines for {len(expected)}; {differ[:3]}")

    found = fact["disagreements"]["present"]
    datacenters = {place for entry in found for place in entry["claimed_location"] if place.startswith("datacenter=")}
    observed = {entry["observed_hostname"] for entry in found}
    check("three claimed datacenters are one machine", len(datacenters) == 3 and len(observed) == 1, found)

    again, _ = gather()
    check("a second round says the same", again["ceph"] == facts["ceph"], "it differs")
    confined, _ = gather(options=["--confined"])
    check("a confined agent says the same", confined["ceph"] == facts["ceph"], confined["ceph"])


def check_refusals():
    """What cannot be had is absent for its reason."""
    facts, took = gather(keyring="wrong.keyring")
    check("a wrong key is not permitted", reason(facts) == "not_permitted", facts["ceph"])
    check("a wrong key is refused at once", took < 3.0 and others_present(facts), f"{took:.1f} s")
    facts, _ = gather(conf="no-such.conf")
    check("no configuration is not present", reason(facts) == "not_present", facts["ceph"])
    (CLUSTER / "empty.keyring").write_text("")
    facts, _ = gather(keyring="empty.keyring")
    check("a file without a key is malformed", reason(facts) == "malformed", facts["ceph"])


def check_frozen():
    """A monitor that does not answer costs this fact alone, and no more than its deadline."""
    signal("mon.a", "STOP")
    try:
        facts, took = gather(deadline_ms=1500)
        check("a frozen monitor is timed out", reason(facts) == "timed_out", facts["ceph"])
        check("a frozen monitor costs its deadline", took < 4.0, f"{took:.1f} s")
        check("a frozen monitor leaves the other facts", others_present(facts), sorted(facts))
    finally:
        signal("mon.a", "CONT")
    for _ in range(20):
        facts, _ = gather()
        if "present" in facts["ceph"]:
            break
        time.sleep(1)
    check("a monitor that goes on answers again", "present" in facts["ceph"], facts["ceph"])


def check_without_manager():
    """Nothing is asked of the manager."""
    signal("mgr.x", "STOP")
    try:
        facts, took = gather(deadline_ms=3000)
        fact = facts["ceph"].get("present", {}).get("ceph", {})
        late = [name for name, value in fact.items() if value.get("absent", {}).get("reason") == "timed_out"]
        check("a frozen manager changes nothing", fact and not late and took < 3.0, f"{late}, {took:.1f} s")
    finally:
        signal("mgr.x", "CONT")


def cpu_ms(command):
    """CPU of a program and what it starts, in milliseconds, on average."""
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    for _ in range(ROUNDS):
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)
    return (spent() - before) * 1000 / ROUNDS


def check_cost():
    """What a round of the reader costs, and how much of it is that there is a program at all."""
    reader = PROGRAMS / "avow-source-ceph"
    key = CLUSTER / "client.avow.keyring"
    start = cpu_ms([reader, CLUSTER / "no-such.conf", "client.avow", key, "5000"])
    whole = cpu_ms([reader, CLUSTER / "ceph.conf", "client.avow", key, "5000"])
    print(f"cpu: a round {whole:.1f} ms, of which {start:.1f} ms are the start of a program ({PROGRAMS.name} build)")
    check("a round costs what it may", whole - start <= ROUND_CPU_MS_MAX, f"{whole:.1f} ms less {start:.1f} ms")


def main():
    """All checks."""
    for part in (check_golden, check_refusals, check_frozen, check_without_manager, check_cost):
        try:
            part()
        except (subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
            check(part.__name__, False, repr(error))
    print(f"{results.count(True)} passed, {results.count(False)} failed, 0 skipped")
    return 0 if all(results) else 1


sys.exit(main())
