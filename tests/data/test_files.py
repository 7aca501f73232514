"""Mirrors backprop/data/files.py; nothing here needs a network."""

import gzip
import hashlib
import io
import tracemalloc
import urllib.error
import urllib.request

import pytest

from backprop.data import files

TEXT = b"a few words\n" * 5
SHA256 = hashlib.sha256(TEXT).hexdigest()


def content(path, **changed):
    return files.content(path, **({"sha256": SHA256, "size": len(TEXT)} | changed))


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_may_be_packed(tmp_path, packed):
    path = tmp_path / "words.txt"
    if packed:
        (tmp_path / "words.txt.gz").write_bytes(gzip.compress(TEXT))
    else:
        path.write_bytes(TEXT)
    assert content(path) == TEXT


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (gzip.compress(TEXT, mtime=0)[:-9], "words.txt.gz is damaged"),
        (b"PK" + gzip.compress(TEXT, mtime=0)[2:], "words.txt.gz is damaged"),
        (gzip.compress(TEXT[:-1], mtime=0), r"words.txt.gz has 59 bytes; needs 60"),
        (gzip.compress(TEXT + b"!!!", mtime=0), r"words.txt.gz has 61 or more bytes; needs 60"),
        (gzip.compress(TEXT.upper(), mtime=0), r"words.txt.gz has sha256 \w{64}; needs \w{64}"),
    ],
)
def test_damage_is_named(tmp_path, damage, message):
    (tmp_path / "words.txt.gz").write_bytes(damage)
    with pytest.raises(ValueError, match=message):
        content(tmp_path / "words.txt")


def test_a_bomb_costs_no_memory(tmp_path):
    (tmp_path / "words.txt.gz").write_bytes(gzip.compress(bytes(60_000_000)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="61 or more bytes"):
        content(tmp_path / "words.txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_missing_file(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    path = files.folder("words") / "words.txt"
    assert path == tmp_path / "words" / "words.txt"
    with pytest.raises(FileNotFoundError, match="set BACKPROP_DATA to a folder that has it in its"):
        content(path, url="https://one/words.txt")
    monkeypatch.delenv("BACKPROP_DATA")
    with pytest.raises(FileNotFoundError, match=r"neither .*words.txt nor words.txt.gz is there"):
        content(path)


@pytest.mark.parametrize(
    ("platform", "variable", "below"),
    [
        ("linux", "XDG_CACHE_HOME", "backprop/words"),
        ("linux", "HOME", ".cache/backprop/words"),
        ("darwin", "HOME", "Library/Caches/backprop/words"),
        ("win32", "LOCALAPPDATA", "backprop/words"),
    ],
)
def test_the_cache_is_where_the_platform_wants_it(tmp_path, monkeypatch, platform, variable, below):
    for name in ("BACKPROP_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(files.sys, "platform", platform)
    monkeypatch.setattr(files.Path, "home", lambda: tmp_path)
    monkeypatch.setenv(variable, str(tmp_path))
    assert files.folder("words") == tmp_path / below


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """Answer downloads with what is given; return the function that downloads."""
    monkeypatch.delenv("BACKPROP_DATA", raising=False)
    path = tmp_path / "cache" / "words" / "words.txt"

    def fetched(reply):
        def urlopen(url, timeout):
            if isinstance(reply, Exception):
                raise reply
            return io.BytesIO(reply)

        monkeypatch.setattr(urllib.request, "urlopen", urlopen)
        return content(path, url="https://one/words.txt"), path

    return fetched


def test_a_download_is_kept(fetch):
    data, path = fetch(TEXT)
    again, _ = fetch(urllib.error.URLError("not asked any more"))
    assert data == again == TEXT
    assert [p.name for p in path.parent.iterdir()] == ["words.txt.gz"]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (urllib.error.URLError("unreachable"), "unreachable"),
        (b"<html>", "https://one/words.txt has 6 bytes; needs 60"),
        (TEXT + TEXT, "has 61 or more bytes"),
        (TEXT.upper(), "has sha256"),
    ],
)
def test_a_download_that_fails_leaves_nothing(fetch, tmp_path, reply, message):
    with pytest.raises(ConnectionError, match=message) as error:
        fetch(reply)
    assert "set BACKPROP_DATA to a folder" in str(error.value)
    assert not list(tmp_path.rglob("*.*"))
