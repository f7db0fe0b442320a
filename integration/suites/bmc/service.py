"""sushy-tools' Redfish emulator over TLS with a password, completed with the place and the power supplies it does not know.

    service.py CONFIGURATION DOCUMENTS

DOCUMENTS maps a path to members that join those of the emulator's own document, if it has one.
"""
import json
import sys

from flask import request
from sushy_tools.emulator import main as emulator

configuration, documents = sys.argv[1:]
with open(documents) as file:
    more = json.load(file)


@emulator.app.after_request
def complete(response):
    members = more.get(request.path.rstrip("/"))
    if request.method == "GET" and members is not None and response.status_code in (200, 404):
        own = response.get_json(silent=True) if response.status_code == 200 else None
        response.set_data(json.dumps({**(own or {}), **members}))
        response.status_code, response.mimetype = 200, "application/json"
    return response


sys.argv = ["sushy-emulator", "--config", configuration]
sys.exit(emulator.main())
