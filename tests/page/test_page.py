"""The node's page in a browser: headless Chromium against `whittle serve`.

Environment: WHITTLE, the command; GUESTS, the built components; SCREENSHOTS, a folder for pictures
of the page, where they are wanted.
"""

import atexit
import json
import os
import subprocess
import tempfile
import unittest
import urllib.request

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

HOSTILE = "<img src=x onerror=\"document.title='stolen'\">"
PRODUCTS = [
    {"title": "Cobalt camera", "price": 250.0, "rating": 4.5},
    {"title": "Cobalt kamera", "price": 180.0, "rating": 3.0},
    {"title": HOSTILE, "price": 5.0},
]


def browser():
    options = webdriver.ChromeOptions()
    for flag in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1000"]:
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        command = [os.environ["WHITTLE"], "serve", "--data", cls.folder.name, "--listen", "127.0.0.1:0"]
        cls.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # Should the tests not come to their end.
        atexit.register(cls.process.kill)
        cls.address = cls.process.stdout.readline().split()[-1]
        for name in ["string-distance", "custom-score", "business-days"]:
            with open(os.path.join(os.environ["GUESTS"], "rust", name + ".wasm"), "rb") as component:
                cls.ask("PUT", "/_udf", component.read())
        lines = [line for product in PRODUCTS for line in ({"index": {}}, product)]
        cls.ask("POST", "/products/_bulk?refresh", "".join(json.dumps(line) + "\n" for line in lines).encode())
        cls.browser = browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.process.terminate()
        cls.process.wait(timeout=60)
        cls.process.stdout.close()
        cls.folder.cleanup()

    @classmethod
    def ask(cls, method, path, body):
        kind = "application/wasm" if path == "/_udf" else "application/x-ndjson"
        headers = {"Content-Type": kind}
        request = urllib.request.Request(cls.address + path, data=body, headers=headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def setUp(self):
        self.browser.get(self.address)
        self.until(lambda: len(self.rows("#udfs")) == 4)
        self.until(lambda: len(Select(self.at("target")).options) == 2)

    def tearDown(self):
        self.assertEqual(self.browser.title, "Whittle")

    def at(self, name):
        return self.browser.find_element(By.ID, name)

    def until(self, condition):
        WebDriverWait(self.browser, 20).until(lambda _: condition())

    def rows(self, table):
        """The texts of a table's cells."""
        rows = self.browser.find_elements(By.CSS_SELECTOR, f"{table} tbody tr")
        return [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in rows]

    def enter(self, name, value):
        box = self.at(name)
        box.clear()
        box.send_keys(value if isinstance(value, str) else json.dumps(value))

    def choose(self, name, text):
        Select(self.at(name)).select_by_visible_text(text)

    def run_it(self):
        self.browser.execute_script("document.getElementById('answer').replaceChildren()")
        self.at("run").find_element(By.TAG_NAME, "button").click()
        self.until(lambda: self.at("answer").text != "")
        return self.at("answer").text

    def picture(self, name):
        if "SCREENSHOTS" in os.environ:
            height = self.browser.execute_script("return document.documentElement.scrollHeight")
            self.browser.set_window_size(self.browser.get_window_size()["width"], height + 150)
            self.browser.save_screenshot(os.path.join(os.environ["SCREENSHOTS"], name + ".png"))

    def no_messages(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_functions_are_listed_with_their_parameters(self):
        self.browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        rows = {row[0].splitlines()[0]: row for row in self.rows("#udfs")}
        self.assertEqual(sorted(rows), ["business_days", "business_days_between", "custom_score", "string_distance"])
        distance = rows["string_distance"]
        self.assertEqual(distance[1:3], ["string-distance@0.1.0", "boolean"])
        self.assertIn("target: text", distance[3])
        self.assertIn("max_distance: int64 = 2", distance[3])
        self.no_messages()

    def test_a_function_runs_on_sample_documents(self):
        self.choose("function", "string-distance.string_distance@0.1.0")
        self.assertEqual(json.loads(self.at("params").get_property("value"))["max_distance"], 2)
        self.enter("params", {"field": "title", "target": "Star Wars"})
        self.enter("documents", [{"title": "Stir Wars"}, {"title": HOSTILE}, {"_id": "seven", "_source": {}}])
        self.run_it()
        values = self.rows("#answer .wide:nth-of-type(1)")
        self.assertEqual(values, [["0", "true"], ["1", "false"], ["seven", "false"]])
        self.assertIn("It logged nothing.", self.at("answer").text)
        self.assertIn(["documents", "3"], self.rows("#answer .wide:nth-of-type(2)"))
        self.picture("samples")
        self.no_messages()

    def test_a_search_shows_hits_costs_and_the_profile(self):
        self.choose("function", "string-distance.string_distance@0.1.0")
        self.choose("target", "the index products")
        self.assertFalse(self.at("documents").is_displayed())
        self.enter("params", {"field": "title", "target": "Cobalt camera"})
        told = self.run_it()
        self.assertIn("2 hits in", told)
        self.assertIn("Cobalt kamera", told)
        clauses = self.rows("#answer h3 ~ .wide")
        self.assertTrue(any(row[0] == "query.wasm_udf" and row[3] == "2" for row in clauses if len(row) == 4), clauses)
        # What the search cost is in the table of functions.
        self.until(lambda: any(row[0].startswith("string_distance") and row[4] == "1" for row in self.rows("#udfs")))
        self.picture("search")
        self.enter("query", {"range": {"price": {"gt": 200}}})
        self.assertIn("1 hit in", self.run_it())
        self.enter("params", {"field": "title", "target": HOSTILE})
        self.enter("query", "")
        self.assertIn("onerror", self.run_it())
        self.assertEqual(self.at("answer").find_elements(By.TAG_NAME, "img"), [])
        self.no_messages()

    def test_what_is_wrong_is_said(self):
        self.choose("function", "string-distance.string_distance@0.1.0")
        self.enter("params", "{broken")
        self.assertIn("the parameters are not valid JSON: ", self.run_it())
        self.enter("params", {"field": "title"})
        self.assertIn("missing parameter `target`", self.run_it())
        self.enter("params", {"field": "title", "target": "x"})
        self.enter("documents", {"title": "no array"})
        self.assertIn("`documents` must be a list of objects", self.run_it())

    def test_it_fits_a_narrow_and_a_dark_screen(self):
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        narrow = {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
        try:
            size = "return [document.documentElement.scrollWidth, innerWidth]"
            width, screen = self.browser.execute_script(size)
            self.assertEqual((width, screen), (400, 400))
            paper = "return getComputedStyle(document.body).backgroundColor"
            self.assertEqual(self.browser.execute_script(paper), "rgb(25, 26, 28)")
            self.picture("narrow")
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


if __name__ == "__main__":
    unittest.main(verbosity=2)
