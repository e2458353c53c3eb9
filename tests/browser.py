"""A browser for the tests. Run alone, it takes README's picture of the page.

python tests/browser.py runs/mine/report.html tests/page.png
"""

import contextlib
import shutil
import sys
from pathlib import Path

import strokes
from selenium import webdriver
from selenium.webdriver.common.by import By

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@contextlib.contextmanager
def chromium():
    """A headless browser."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "hide-scrollbars",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()


def show_as(page, width, height, scheme="light"):
    """Show the page as in a window of that size, in a light or a dark scheme."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wish = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wish]})


def draw(page, lines):
    """Clear the drawing, then draw with the mouse: strokes of (p, 2) pixels."""
    page.find_element(By.ID, "clear").click()
    canvas = page.find_element(By.ID, "drawing")
    middle = [canvas.size["width"] // 2, canvas.size["height"] // 2]
    for line in lines:
        first, *rest = (line - middle).tolist()
        hand = webdriver.ActionChains(page, duration=0)
        hand.move_to_element_with_offset(canvas, *first).click_and_hold()
        for x, y in rest:
            hand.move_to_element_with_offset(canvas, x, y)
        hand.release().perform()
    page.execute_async_script("requestAnimationFrame(() => arguments[0]())")


if __name__ == "__main__":
    with chromium() as page:
        show_as(page, 1000, 660)
        page.get(Path(sys.argv[1]).resolve().as_uri())
        draw(page, strokes.drawn(5, 1, 280))
        page.save_screenshot(sys.argv[2])
