from tests.browser.journeys import *
def test_dbg(persons, site):
    alice, dana, b = call_of_two(persons, site)
    alice.press("Devices")
    choice = alice.page.get_by_role("dialog", name="Devices").get_by_label("Camera", exact=True)
    cur = choice.input_value()
    opts = [(o.get_attribute("value"), o.inner_text()) for o in choice.locator("option").all()]
    print("CUR", cur, opts)
    other = next(v for v,_ in opts if v != cur)
    choice.select_option(value=other)
    JS = "() => globalThis.connections.map(c => [c.connectionState, c.getSenders().map(s => [s.track?.kind, s.track?.label, s.track?.getSettings().deviceId, s.track?.readyState])])"
    for i in range(6):
        alice.page.wait_for_timeout(500)
        print(i, choice.input_value(), alice.page.evaluate(JS))
    print(alice.page.locator(".banners").inner_text())
    alice.page.keyboard.press("Escape")
    alice.press("Camera"); alice.page.wait_for_timeout(1500)
    print(alice.page.locator(".self").evaluate("e => [e.outerHTML, getComputedStyle(e.querySelector('figcaption')).display, e.getBoundingClientRect().width]"))
    print(dana.page.locator("main").inner_text()[:300])
    assert 0
