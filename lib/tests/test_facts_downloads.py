"""A public file is brought once, checked by its bytes, and found again without a network."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from supercycle import facts
from supercycle.facts import downloads, records

BODY = b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n"
DIGEST = hashlib.sha256(BODY).hexdigest()
REGISTRY = facts.ids("downloads")


@pytest.fixture
def server():
    """A loopback server that counts requests, serves one file and knows no other."""

    class Handler(BaseHTTPRequestHandler):
        asked = 0
        body = BODY

        def do_GET(self):
            Handler.asked += 1
            found = self.path == "/trace.csv"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(Handler.body) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(Handler.body)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    running.handler = Handler
    running.url = f"http://127.0.0.1:{running.server_port}/"
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """Let the table ``downloads`` say what a test wants, and files lie in a folder of its own."""
    monkeypatch.setenv("SUPERCYCLE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    row = records.row

    def write(url, digest=DIGEST):
        entry = {"file": "trace.csv", "url": url, "sha256": digest, "date": "2023-11"}
        monkeypatch.setattr(
            records, "row",
            lambda table, name: entry if (table, name) == ("downloads", "trace") else row(table, name),
        )  # fmt: skip

    return write


def test_a_file_is_downloaded_once_and_found_again_without_a_network(server, registry):
    registry(server.url + "trace.csv")
    path = facts.fetch("trace")
    assert path.read_bytes() == BODY
    server.shutdown()
    assert facts.fetch("trace") == path
    assert server.handler.asked == 1


def test_a_file_the_user_put_there_needs_no_network(registry, tmp_path):
    registry("http://127.0.0.1:9/trace.csv")  # the discard port: nobody answers
    place = tmp_path / "data" / "trace.csv"
    place.parent.mkdir()
    place.write_bytes(BODY)
    assert facts.fetch("trace") == place


def test_without_a_network_one_sentence_says_where_to_put_the_file(registry, tmp_path):
    registry("http://127.0.0.1:9/trace.csv")
    with pytest.raises(OSError, match=r"^[^\n]+$") as refused:
        facts.fetch("trace")
    assert "no answer" in str(refused.value)
    assert str(tmp_path / "data" / "trace.csv") in str(refused.value)
    assert "SUPERCYCLE_DATA" in str(refused.value)


def test_a_file_that_is_gone_says_so(server, registry):
    registry(server.url + "gone.csv")
    with pytest.raises(OSError, match=r"^trace cannot be downloaded .*HTTP 404"):
        facts.fetch("trace")


def test_other_bytes_than_those_pinned_are_refused_and_leave_nothing_behind(
    server, registry, tmp_path
):
    registry(server.url + "trace.csv")
    server.handler.body = BODY + b"2023-11-16 18:15:50.9951690,396,109\n"
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        facts.fetch("trace")
    assert "no longer serves the bytes" in str(refused.value)
    assert list((tmp_path / "data").glob("*")) == []
    assert facts.fetch("trace", pinned=False).read_bytes() == server.handler.body


def test_a_changed_file_of_the_users_is_neither_used_nor_overwritten(server, registry, tmp_path):
    registry(server.url + "trace.csv")
    place = tmp_path / "data" / "trace.csv"
    place.parent.mkdir()
    place.write_bytes(b"my own notes")
    with pytest.raises(ValueError, match="move it away"):
        facts.fetch("trace")
    assert place.read_bytes() == b"my own notes"
    assert facts.fetch("trace", pinned=False) == place
    assert server.handler.asked == 0


def test_a_file_without_pinned_bytes_is_taken_only_when_asked_for(server, registry):
    registry(server.url + "trace.csv", digest=None)
    with pytest.raises(ValueError, match="has no pinned bytes"):
        facts.fetch("trace")
    assert facts.fetch("trace", pinned=False).read_bytes() == BODY


def test_without_a_folder_of_their_own_files_lie_in_the_users_cache(monkeypatch):
    monkeypatch.delenv("SUPERCYCLE_DATA", raising=False)
    assert downloads.folder().name == "supercycle"


def test_an_unknown_file_names_the_near_ones():
    with pytest.raises(ValueError, match="did you mean 'owid-energy'"):
        facts.fetch("owid")


@pytest.mark.parametrize("name", REGISTRY)
def test_every_file_has_a_public_address_a_licence_and_a_name_of_its_own(name):
    entry = facts.row("downloads", name)
    assert str(entry["url"]).startswith("https://")
    assert str(entry["page"]).startswith("https://")
    assert entry["licence"]
    if entry["sha256"] is None:
        assert "no bytes are pinned" in str(entry["note"])
    else:
        assert entry["bytes"] > 0
    assert [facts.row("downloads", n)["file"] for n in REGISTRY].count(entry["file"]) == 1
