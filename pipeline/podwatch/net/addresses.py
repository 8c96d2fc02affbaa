"""Which internet addresses may be reached, so that a feed cannot make podwatch read the team's own servers (SSRF)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache

from podwatch.errors import HttpError
from podwatch.settings import IpNetwork

# NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address; that address decides.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=65536)
def is_public(address: str) -> bool:
    """Whether an address (as getaddrinfo writes it) belongs to the public internet.

    Everything that IANA's special-purpose registries (RFC 6890) do not mark as globally reachable is refused:
    loopback, private, link-local (cloud metadata), carrier NAT, multicast, documentation, unspecified.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = (
            ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        )
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_allowed(address: str, allowed: Sequence[IpNetwork]) -> bool:
    """Public, or inside one of the networks that the settings allow."""
    if is_public(address):
        return True
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip.version == network.version and ip in network for network in allowed)


def resolve(host: str, port: int, allowed: Sequence[IpNetwork]) -> list[tuple[int, tuple[str, int]]]:
    """[(family, (address, port))] of a host, each of them allowed.

    One refused address refuses the host: a name that points both outside and inside is an attack or a mistake.
    Connect to what is returned and to nothing else: a second look-up may give another answer (DNS rebinding).
    Raises HttpError for a name that cannot be resolved, and for an address that may not be reached.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        raise HttpError(
            f"the host name cannot be resolved ({getattr(e, 'strerror', None) or e})",
            where=host,
            todo="check the address",
            retryable=True,
        ) from None
    answers = list(dict.fromkeys((int(family), (str(to[0]), int(to[1]))) for family, _, _, _, to in found))
    for _, (address, _port) in answers:
        if not is_allowed(address, allowed):
            raise HttpError(
                f"{address} is not a public address",
                where=host,
                todo="if it is yours, add it to PODWATCH_ALLOW_ADDRESSES",
                retryable=False,
            )
    return answers
