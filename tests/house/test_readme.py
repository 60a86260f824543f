"""The README tells the truth about commands, settings and help.

`python -m tests.house.test_readme` writes the generated parts anew.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.commands import ROOT, environment, get, make_account, serving, sign_in
from webapp.cli import commands
from webapp.config import PREFIX, Settings

README = ROOT / "README.md"
LINKED = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def settings_table() -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        default = ",".join(item.default) if isinstance(item.default, tuple) else item.default
        shown = f"`{default}`" if default != "" else ""
        rows.append(f"| `{PREFIX}{item.name}` | {shown} | {item.metadata['meaning']} |")
    return "\n".join(rows)


def help_text() -> str:
    shown = CliRunner().invoke(commands, ["--help"], prog_name="versioned-admin").output
    return f"```\n{shown.strip()}\n```"


GENERATED = {"settings": settings_table, "help": help_text}


def part(name: str) -> str:
    found = re.search(f"<!-- {name}: begin -->\n(.*?)\n<!-- {name}: end -->", text(), re.DOTALL)
    assert found, f"README.md has no part {name}"
    return found.group(1)


def text() -> str:
    return README.read_text(encoding="utf-8")


def shell_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_generated_part_is_up_to_date(name: str) -> None:
    assert part(name) == GENERATED[name](), "run: python -m tests.house.test_readme"


def test_the_two_commands_install_from_the_pins_and_differ_in_their_end() -> None:
    start, test = (line for line in shell_lines() if line.startswith("python3 -m venv"))
    both = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e "
    assert start == f"{both}. && .venv/bin/versioned-admin demo"
    assert test == f"{both}'.[test]' && .venv/bin/pytest"


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"test_command=\$\((sed .*README\.md)\)\n", script)
    assert found
    shown = subprocess.run(
        ["bash", "-c", found.group(1)], capture_output=True, check=True, cwd=ROOT, text=True
    ).stdout
    assert shown.splitlines() == [shell_lines()[1]]


def test_every_command_shown_exists() -> None:
    shown = set(re.findall(r"versioned-admin ([a-z][a-z-]+)", text()))
    assert shown <= set(commands.list_commands(click.Context(commands)))
    assert {"demo", "serve"} <= shown


def test_every_setting_shown_exists() -> None:
    known = {PREFIX + item.name for item in fields(Settings)} | {PREFIX + "HOST", PREFIX + "PORT"}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text())) == known


def test_the_address_shown_is_where_the_demo_listens() -> None:
    options = {option.name: option.default for option in commands.commands["demo"].params}
    assert f"http://{options['host']}:{options['port']}/" in text()


@pytest.mark.parametrize("name", LINKED)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_models_shown_get_pages(tmp_path: Path) -> None:
    """Both examples, the short one and the long one, in an application of their own."""
    blocks = re.findall(r"```python\n# (shop/\w+\.py)\n(.*?)```", text(), re.DOTALL)
    assert [name for name, _ in blocks] == ["shop/models.py", "shop/models.py", "shop/admin.py"]
    for number, files in enumerate((blocks[:1], blocks[1:])):
        folder = tmp_path / str(number)
        (folder / "shop").mkdir(parents=True)
        for name, source in files:
            (folder / name).write_text(source, encoding="utf-8")
        env = environment(APPS="shop", INSTANCE_PATH=str(folder / "instance"))
        env |= {"PYTHONPATH": str(ROOT)}
        make_account(env, cwd=folder)
        with serving("serve", "--port", "0", env=env, cwd=folder) as (
            address,
            _,
        ):
            browser = sign_in(address)
            for page in ("", "admin/product/", "admin/product/new/", "admin/product/?deleted=1"):
                status, shown = get(address + page, browser)
                assert status == 200 and "Product" in shown


def test_the_pins_hold_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [
        line for extra in project["optional-dependencies"].values() for line in extra
    ]
    names = {normal(re.split(r"[\[<>=!;~ ]", line)[0]) for line in wanted}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normal(line.split("==")[0]) for line in pins if "==" in line}
    assert names - {normal(project["name"])} <= pinned


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def write(path: Path = README) -> None:
    for name, make in GENERATED.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, rest = text().split(begin)
        after = rest.split(end)[1]
        path.write_text(before + begin + make() + "\n" + end + after, encoding="utf-8")


if __name__ == "__main__":
    write()
