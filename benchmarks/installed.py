"""Install Emocore into an empty environment, and run the starter study in the app there.

`make installed`, or `python -m benchmarks.installed`, takes some minutes and needs Chromium. It takes a new user's
steps: `pip install .`, `emocore bases --install`, `emocore app` in an empty folder, and a click on the starter study.
"""

import subprocess
import tempfile
import venv
from pathlib import Path

from playwright.sync_api import expect

from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from tests.support.app_browser import App, open_page, start_browser, wait_for_status
from tests.support.live_runs import end_processes
from tests.support.repository import REPOSITORY

STUDY_SECONDS = 900.0


def finish_starter_study(app: App) -> None:
    """Start the study on the first page and wait for its four runs."""
    with start_browser() as browser:
        page = open_page(browser, app.url)
        page.get_by_role("button", name="Run the starter study").click()
        expect(page.get_by_role("heading", name="Runs")).to_be_visible()
        wait_for_status(app.runs, {RunStatus.FINISHED}, 4, STUDY_SECONDS)
        page.get_by_role("link", name="Compare", exact=True).first.click()
        expect(page.get_by_text("Trained on these 777 texts")).to_be_visible()


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        environment, folder = Path(place, "environment"), Path(place, "work")
        folder.mkdir()
        print("An empty environment:", environment, flush=True)
        venv.create(environment, with_pip=True)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", str(REPOSITORY)], check=True)
        subprocess.run([environment / "bin" / "emocore", "bases", "--install"], cwd=folder, check=True)
        app = App(folder / "runs", command=(str(environment / "bin" / "emocore"), "app"), folder=folder)
        app.start()
        try:
            finish_starter_study(app)
        finally:
            app.kill()
            end_processes(app.runs)
        print("Finished:", ", ".join(run.id for run in list_runs(app.runs)))


if __name__ == "__main__":
    main()
