# ruff: noqa
async def sql(tx, name, connection):
    # ruleid: sql-out-of-text
    await tx.execute(f"SELECT id FROM person WHERE name = '{name}'")
    # ruleid: sql-out-of-text
    connection.exec_driver_sql("DROP TABLE " + name)
    # ruleid: sql-out-of-text
    await tx.scalar("SELECT id FROM person WHERE name = '%s'" % name)
    # ok: sql-out-of-text
    await tx.execute(text("SELECT id FROM person WHERE name = :name"), {"name": name})
    # ok: sql-out-of-text
    await tx.execute(select(Person.id).where(Person.name == name))


async def shell(name):
    # ruleid: command-by-a-shell
    await asyncio.create_subprocess_shell("typst " + name)
    # ruleid: command-by-a-shell
    subprocess.run(name, shell=True)
    # ok: command-by-a-shell
    await asyncio.create_subprocess_exec("typst", name)


def logs(person, note):
    # ruleid: logged-about-a-person
    log.info("signed in", who=person.name)
    # ruleid: logged-about-a-person
    log.warning("not sent", to=str(person.email))
    # ruleid: logged-about-a-person
    log.info(f"signed in: {person}")
    # ok: logged-about-a-person
    log.info("signed in", person=str(person.id))


def cookies(response, token, house):
    # ruleid: cookie-without-flags
    response.set_cookie("login", token)
    # ruleid: cookie-without-flags
    response.set_cookie("login", token, secure=house.settings.secure, httponly=False, samesite="lax")
    # ok: cookie-without-flags
    response.set_cookie("login", token, max_age=60, path="/", secure=house.settings.secure, httponly=True, samesite="lax")


async def redirect(request):
    target = request.query_params.get("next", "/")
    # ruleid: redirect-to-what-was-sent
    RedirectResponse(target, status_code=303)
    form = await read_form(request)
    # ruleid: redirect-to-what-was-sent
    RedirectResponse(form["back"])
    # ok: redirect-to-what-was-sent
    RedirectResponse(safe_next(target), status_code=303)
    # ok: redirect-to-what-was-sent
    RedirectResponse(BACK.get(form.get("back", ""), "/today"), status_code=303)
    # ok: redirect-to-what-was-sent
    RedirectResponse(f"{PATH}/code/{form['token']}", status_code=303)


def secrets(self, given, mac, row):
    # ruleid: secret-compared-letter-by-letter
    if given == mac:
        return True
    # ruleid: secret-compared-letter-by-letter
    if row.secret != given:
        return False
    # ok: secret-compared-letter-by-letter
    return hmac.compare_digest(given, mac)


def objects(raw):
    # ruleid: read-into-objects
    pickle.loads(raw)
    # ruleid: read-into-objects
    yaml.load(raw)
    # ok: read-into-objects
    json.loads(raw)


def files(request, data_dir, stored):
    name = request.path_params["file"]
    # ruleid: path-out-of-a-request
    (data_dir / name).read_bytes()
    # ruleid: path-out-of-a-request
    FileResponse(name)
    # ok: path-out-of-a-request
    (data_dir / str(UUID(name))).read_bytes()
    # ok: path-out-of-a-request
    (data_dir / stored.name).read_bytes()


async def addresses(request, self, settings):
    form = await read_form(request)
    # ruleid: address-out-of-a-request
    await self._http.get(form["logo"])
    # ruleid: address-out-of-a-request
    await asyncio.open_connection(form["host"], 80)
    # ok: address-out-of-a-request
    await self._http.post(settings.scanner_url, data=form)
    # ok: address-out-of-a-request
    await asyncio.open_connection(settings.clamd, 3310)


async def vendors(house, charge):
    async with house.database.write() as tx:
        # ruleid: vendor-asked-in-a-transaction
        await house.payments.charge(charge)
        tx.add(charge)
    # ok: vendor-asked-in-a-transaction
    await house.payments.charge(charge)


def certificates(context, client):
    # ruleid: certificate-not-checked
    context.check_hostname = False
    # ruleid: certificate-not-checked
    client.Client(verify=False)
    # ok: certificate-not-checked
    client.Client(verify=True)
