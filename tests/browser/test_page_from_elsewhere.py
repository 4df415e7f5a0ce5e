"""Another web page in the same browser, which holds the page's cookie, can neither read nor change anything.

The foreign page stands on another port of this machine, on another name of it, and on a name that is rebound to it: the
three ways in which a web page anywhere can reach a server that listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import functools
import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.browser.conftest import ARGUMENTS
from tests.dagster_page import SELECTOR, DagsterPage, free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser]

REBOUND = "evil.example"
SENSOR = {**SELECTOR, "sensorName": "incoming_files"}
CHANGE = "mutation ($s: SensorSelector!) { setSensorCursor(sensorSelector: $s, cursor: %s) { __typename } }"
STATE = """
query ($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState {
  typeSpecificData { ... on SensorData { lastCursor } } } } } }
"""
ATTACKS = """
async ({base, mutation, variables, query}) => {
  const said = {};
  const body = JSON.stringify({query: mutation.replace('%s', JSON.stringify('fetch')), variables});
  const get = base + '/graphql?query=' + encodeURIComponent(mutation.replace('%s', JSON.stringify('get'))) +
    '&variables=' + encodeURIComponent(JSON.stringify(variables));
  const reading = async (name, address, options) => {
    try { said[name] = (await (await fetch(address, options)).text()).slice(0, 300); }
    catch (error) { said[name] = 'blocked'; }
  };
  await reading('read', base + '/graphql?query=' + encodeURIComponent(query), {credentials: 'include'});
  await reading('json', base + '/graphql', {method: 'POST', credentials: 'include', body,
    headers: {'content-type': 'application/json'}});
  await reading('opaque', base + '/graphql', {method: 'POST', credentials: 'include', mode: 'no-cors', body});
  await reading('get', get, {credentials: 'include', mode: 'no-cors'});
  await new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = get; });
  await new Promise(done => {
    const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame);
    const form = document.createElement('form'); form.target = 'f'; form.method = 'POST';
    form.enctype = 'text/plain'; form.action = get;
    document.body.append(form); frame.onload = done; setTimeout(done, 3000); form.submit();
  });
  said.socket = await new Promise(done => {
    const socket = new WebSocket(base.replace('http', 'ws') + '/graphql', 'graphql-ws');
    socket.onopen = () => done('open'); socket.onerror = () => done('refused');
  });
  return said;
}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    opened = DagsterPage(folder / "data", folder / "key")
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A web server of somebody else's on this machine; returns its port."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "index.html").write_text("<!doctype html><title>elsewhere</title><body></body>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture(scope="module")
def opened(page, playwright, executable):
    """A browser in which the page has been opened with its address, as its owner does."""
    rebound = f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"
    browser = playwright.chromium.launch(executable_path=str(executable), args=[*ARGUMENTS, rebound])
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.address)
    tab.wait_for_load_state("load")
    yield context, tab
    browser.close()


def cursor(page) -> str | None:
    state = page.ask(STATE, s=SENSOR)["sensorOrError"]["sensorState"]
    return (state["typeSpecificData"] or {}).get("lastCursor")


def test_the_page_itself_reads_changes_and_listens(page, opened):
    """Without this the rest could not fail: the same requests from the page's own origin have their effect."""
    _, tab = opened
    assert "token" not in tab.url
    query = CHANGE % '"own page"'
    answer = tab.evaluate(
        """async ([query, variables]) => (await (await fetch('/graphql', {method: 'POST',
        headers: {'content-type': 'application/json'}, body: JSON.stringify({query, variables})})).json())""",
        [query, {"s": SENSOR}],
    )
    assert "errors" not in answer
    assert cursor(page) == "own page"
    socket = tab.evaluate(
        """() => new Promise(done => { const s = new WebSocket('ws://' + location.host + '/graphql', 'graphql-ws');
        s.onopen = () => done('open'); s.onerror = () => done('refused'); })"""
    )
    assert socket == "open"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", REBOUND])
@pytest.mark.parametrize("aimed_at", ["127.0.0.1", "localhost", REBOUND])
def test_a_page_from_elsewhere_reads_nothing_and_changes_nothing(page, opened, elsewhere, name, aimed_at):
    context, _ = opened
    before = cursor(page)
    tab = context.new_page()
    tab.goto(f"http://{name}:{elsewhere}/index.html")
    said = tab.evaluate(
        ATTACKS,
        {
            "base": f"http://{aimed_at}:{page.port}",
            "mutation": CHANGE,
            "variables": {"s": SENSOR},
            "query": "{ version }",
        },
    )
    tab.close()
    assert said["socket"] == "refused"
    assert not [k for k, text in said.items() if "data" in text], said
    assert cursor(page) == before


def test_a_link_from_elsewhere_does_not_open_the_page(page, opened, elsewhere):
    context, _ = opened
    tab = context.new_page()
    tab.goto(f"http://{REBOUND}:{elsewhere}/index.html")
    tab.set_content(f'<a href="http://127.0.0.1:{page.port}/runs">her</a>')
    tab.click("a")
    tab.wait_for_load_state()
    assert "Siden svarer kun" in tab.content() or "Åbn siden med" in tab.content()
    tab.close()


def test_another_account_on_the_machine_gets_nothing_without_the_token(page):
    """What any program on the machine can send: no browser's headers, no cookie, or a wrong one."""
    for cookie in ({}, {"Cookie": f"komglad_{page.port}=guess"}, {"Cookie": f"komglad_{page.port}="}):
        for path, body in (("/", None), ("/graphql", b'{"query": "{ version }"}'), ("/server_info", None)):
            request = urllib.request.Request(
                f"http://127.0.0.1:{page.port}{path}",
                data=body,
                headers={"Content-Type": "application/json", **cookie},
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=30)
            assert refused.value.code == 403
            assert "version" not in refused.value.read().decode()


def test_nothing_is_changed_by_get_even_by_the_owner(page):
    before = cursor(page)
    query = urllib.parse.urlencode({"query": CHANGE % '"by get"', "variables": json.dumps({"s": SENSOR})})
    request = urllib.request.Request(
        f"http://127.0.0.1:{page.port}/graphql?{query}",
        headers={"Cookie": f"komglad_{page.port}={page.token}"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 405
    assert cursor(page) == before
