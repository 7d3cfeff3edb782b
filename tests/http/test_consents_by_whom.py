"""What somebody agreed to, or took back, for a patient is shown with their name: on the record, among the consents, and in the copy."""

import pytest

from server.core.house import House
from tests.acting import DORA, let_act
from tests.cast import DANA
from tests.conftest import SignIn
from tests.http.copying import copy_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("L2")]

MINE = f"/my/{DANA.patient_id}"
BY_DORA = f"By {DORA.name}, who acted for the patient"


@pytest.mark.parametrize("agree", ["no", "yes"])
async def test_whoever_acted_is_named_wherever_it_is_told(house: House, sign_in: SignIn, agree: str) -> None:
    await let_act(house)
    dana, dora = await sign_in(DANA), await sign_in(DORA)
    for page in ("/my", "/my/consents"):
        assert BY_DORA not in (await dana.get(page)).text
    if agree == "yes":
        await dana.post(f"{MINE}/sharing", data={"agree": "no"})
    assert (await dora.post(f"{MINE}/sharing", data={"agree": agree})).status_code == 303
    for client, page in ((dana, "/my"), (dana, "/my/consents"), (dora, MINE)):
        assert BY_DORA in (await client.get(page)).text, page
    await dana.post(f"{MINE}/sharing", data={"agree": "no" if agree == "yes" else "yes"})
    assert BY_DORA not in (await dana.get("/my")).text  # their own word is the newest now
    assert BY_DORA in (await dana.get("/my/consents")).text
    told = f"by {DORA.name}, who acted for the patient".encode()
    assert any(told in content for content in (await copy_of(dana)).values())
