"""A container's health check: asks the API server about a component of Airflow; 50 ms, where `airflow jobs` takes 3 s.

python health.py metadatabase | scheduler | dag_processor; the exit status is 0 when it is healthy.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from urllib.parse import urljoin


def main(component: str, server: str = "http://api-server:8080") -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urljoin(server, "/api/v2/monitor/health"), timeout=8) as response:
            status = json.loads(response.read())[component]["status"]
    except (OSError, ValueError, KeyError) as e:
        status = f"no answer ({e})"
    print(f"{component}: {status}")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
