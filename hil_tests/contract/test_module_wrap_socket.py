# SPDX-License-Identifier: MIT
"""`ssl.wrap_socket()`: a context and its wrap_socket in one call."""

from __future__ import annotations

from hil_tests.certificates import Authority
from hil_tests.contract.conftest import Script


def test_it_verifies_nothing_by_default(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    client = ssl.wrap_socket(a)
    server = server_context(ID).wrap_socket(b, server_side=True)
    print(talks(*shake(client, server)))
    """
    assert script(code, ID=authority.stranger) == ["True"]


def test_certificate_and_key_are_data_or_paths(script: Script, authority: Authority) -> None:
    code = """
    for how in ({"certfile": ID[0], "keyfile": ID[1]}, {"certfile": "cert.pem", "keyfile": "key.pem"}):
        a, b = pipe()
        server = ssl.wrap_socket(b, server_side=True, **how)
        client = client_context(ID).wrap_socket(a, server_hostname="server.test")
        print(talks(*shake(client, server)))
    """
    own = authority.p256
    script.board.put(own.chain_pem, "cert.pem")
    script.board.put(own.key_pem(), "key.pem")
    assert script(code, ID=own) == ["True", "True"]


def test_the_older_names_key_and_cert_are_accepted(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    server = ssl.wrap_socket(b, server_side=True, cert=ID[0], key=ID[1])
    print(talks(*shake(client_context(ID).wrap_socket(a, server_hostname="server.test"), server)))
    """
    assert script(code, ID=authority.p256) == ["True"]


def test_key_and_certificate_go_together(script: Script, authority: Authority) -> None:
    code = """
    for how in ({"certfile": ID[0]}, {"keyfile": ID[1]}, {"cert": ID[0]}, {"key": ID[1]}):
        a, b = pipe()
        print(attempt(ssl.wrap_socket, b, server_side=True, **how))
        print(a.inbox, b.closed)
    """
    lines = script(code, ID=authority.p256)
    assert [line.split("(")[0] for line in lines[::2]] == ["TypeError"] * 4, lines
    assert lines[1::2] == ["bytearray(b'') 0"] * 4


def test_a_client_shows_its_certificate(script: Script, authority: Authority) -> None:
    code = """
    server = server_context(ID)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=OWN[2])
    a, b = pipe()
    s = server.wrap_socket(b, server_side=True)
    c = ssl.wrap_socket(a, certfile=OWN[0], keyfile=OWN[1])
    shake(c, s)
    print(s.getpeercert(True) == OWN[0])
    """
    assert script(code, ID=authority.p256, OWN=authority.client) == ["True"]


VERIFY = """
def verdict(**how):
    a, b = pipe()
    c = ssl.wrap_socket(a, cert_reqs=ssl.CERT_REQUIRED, server_hostname="server.test", **how)
    error = outcome(c, server_context(ID).wrap_socket(b, server_side=True))[0]
    return type(error).__name__ if error else "trusted"
"""


def test_cadata_is_what_is_trusted(script: Script, authority: Authority) -> None:
    code = VERIFY + "print(verdict(cadata=ID[2]), verdict(cadata=OTHER[2]), verdict(cadata=PEM))"
    own = authority.p256
    lines = script(code, ID=own, OTHER=authority.stranger, PEM=own.root_pem)
    assert lines == ["trusted SSLCertVerificationError trusted"]


def test_ca_certs_is_a_path(script: Script, authority: Authority) -> None:
    own = authority.p256
    script.board.put(own.root_pem, "root.pem")
    script.board.put(authority.stranger.root_pem, "other.pem")
    code = VERIFY + "print(verdict(ca_certs='root.pem'), verdict(ca_certs='other.pem'))"
    assert script(code, ID=own) == ["trusted SSLCertVerificationError"]


def test_cadata_and_ca_certs_add_up(script: Script, authority: Authority) -> None:
    own = authority.p256
    script.board.put(own.root_pem, "root.pem")
    code = VERIFY + "print(verdict(ca_certs='root.pem', cadata=OTHER[2]))"
    assert script(code, ID=own, OTHER=authority.stranger) == ["trusted"]


def test_a_wrong_name_is_refused(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    c = ssl.wrap_socket(a, cert_reqs=ssl.CERT_REQUIRED, cadata=ID[2], server_hostname="other.test")
    print(type(outcome(c, server_context(ID).wrap_socket(b, server_side=True))[0]).__name__)
    """
    assert script(code, ID=authority.p256) == ["SSLCertVerificationError"]


def test_a_verifying_client_needs_a_server_hostname(script: Script, authority: Authority) -> None:
    code = "print(attempt(ssl.wrap_socket, pipe()[0], cert_reqs=ssl.CERT_REQUIRED, cadata=ID[2]))"
    assert script(code, ID=authority.p256) == ["ValueError('CERT_REQUIRED requires server_hostname',)"]


def test_cert_reqs_makes_a_server_ask(script: Script, authority: Authority) -> None:
    code = """
    def verdict(client, mode):
        a, b = pipe()
        how = {"cert_reqs": mode, "cadata": OWN[2], "certfile": ID[0], "keyfile": ID[1]}
        s = ssl.wrap_socket(b, True, **how)
        c = client.wrap_socket(a, server_hostname="server.test")
        error = outcome(c, s)[1]
        return error.args[1].split(":")[0] if error else s.getpeercert(True) == OWN[0]
    without, with_own = client_context(ID), client_context(ID)
    with_own.load_cert_chain(OWN[0], OWN[1])
    print([verdict(without, mode) for mode in (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED)])
    print([verdict(with_own, mode) for mode in (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED)])
    """
    assert script(code, ID=authority.p256, OWN=authority.client) == [
        "[False, False, 'MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE']",
        "[False, True, True]",
    ]


def test_cert_reqs_that_is_unknown_is_a_value_error(script: Script) -> None:
    code = "print([attempt(ssl.wrap_socket, pipe()[0], cert_reqs=n) for n in (-1, 3)])"
    text = "ValueError('verify_mode must be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED',)"
    assert script(code) == [repr([text, text])]


def test_the_handshake_is_made_at_once(script: Script, authority: Authority) -> None:
    code = """
    for how in ({}, {"do_handshake": True}, {"do_handshake": False}):
        ends = pipe()
        server = server_context(ID).wrap_socket(ends[1], server_side=True)
        stream = PlainEnd(ends[0], lambda: step(server))
        print(ssl.wrap_socket(stream, **how).version(), ends[0].writes > 0)
    """
    assert script(code, ID=authority.p256) == ["TLSv1.2 True", "TLSv1.2 True", "None False"]


def test_arguments_have_the_documented_order(script: Script, authority: Authority) -> None:
    code = """
    a, b = pipe()
    s = ssl.wrap_socket(b, True, ID[1], ID[0], ssl.CERT_OPTIONAL, OWN[2], None, False)
    print(b.reads)
    c = ssl.wrap_socket(a, False, OWN[1], OWN[0], ssl.CERT_REQUIRED, ID[2], "server.test", True)
    shake(c, s)
    print(s.getpeercert(True) == OWN[0], c.getpeercert(True) == ID[0], talks(c, s))
    """
    assert script(code, ID=authority.p256, OWN=authority.client) == ["0", "True True True"]


def test_an_unknown_argument_is_a_type_error(script: Script) -> None:
    (line,) = script("print(attempt(ssl.wrap_socket, pipe()[0], cafile='x'))")
    assert line.startswith("TypeError("), line
