"""The pages that say what version this is, how to cite it, and how to report an error."""

import pathlib
import re
import tomllib

import yaml

ROOT = pathlib.Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DATE = CITATION["date-released"]


def page(name):
    return (ROOT / f"book/{name}.md").read_text(encoding="utf-8")


def test_title_version_and_authors_are_the_same_everywhere():
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["title"].split(",")[1].strip() in PROJECT["description"]
    (author,) = [a["name"] for a in CITATION["authors"]]
    assert [a["name"] for a in PROJECT["authors"]] == [author]
    plain = re.search(r"^> (.*)$", page("cite"), flags=re.M)[1]
    bibtex = re.search(r"```bibtex\n(.*?)```", page("cite"), flags=re.S)[1]
    for text in (plain, bibtex):
        assert author in text and CITATION["title"] in text and DATE[:4] in text
        assert re.findall(r"\d+\.\d+\.\d+", text) == [CITATION["version"]]
    assert set(re.findall(r"\d+\.\d+\.\d+", page("cite"))) == {CITATION["version"]}


def test_the_newest_change_is_this_version_on_its_date():
    versions = re.findall(r"^## (\S+)\n\n(\d+) (\w+) (\d{4})\.", page("changelog"), flags=re.M)
    version, day, month, year = versions[0]
    assert version == PROJECT["version"]
    months = "January February March April May June July August September October November December"
    number = months.split().index(month) + 1
    assert f"{year}-{number:02}-{int(day):02}" == DATE


def test_the_page_of_errata_says_how_to_report_one():
    html = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]
    assert html["use_issues_button"] and "*Open issue*" in page("ledger/errata")


def entries():
    text = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    return dict(re.findall(r"@\w+\{(\w+),\n(.*?)\n\}", text, flags=re.S))


def test_the_form_of_a_doi_and_of_an_eprint():
    dois = re.findall(r"doi = \{(.*)\}", "\n".join(entries().values()))
    assert len(dois) >= 15 and len(set(dois)) == len(dois)
    assert all(re.fullmatch(r"10\.\d{4,5}/\S+", doi) for doi in dois)
    prints = re.findall(
        r"eprint = \{(.*)\},\n  archiveprefix = \{arXiv\}", "\n".join(entries().values())
    )
    assert len(prints) >= 7 and all(re.fullmatch(r"\d{4}\.\d{4,5}", e) for e in prints)
