/**
 * Forms that a passkey answers: the server's options go to the browser's dialog, its answer into a hidden field, and the form goes its
 * plain way. Forms of this kind are hidden until this script has found that the browser knows passkeys.
 */
import "./form.ts";
import { ApiError, post } from "../lib/api.ts";
import { $, $$, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";

interface Descriptor {
  id: string;
  type: "public-key";
}

/** The options of WebAuthn as JSON has them: bytes are base64url. */
interface Options {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
  allowCredentials?: Descriptor[];
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const textOf = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

const named = (list: Descriptor[] = []) => list.map((one) => ({ ...one, id: bytesOf(one.id) }));

async function create(options: Options): Promise<Credential | null> {
  const user = { ...options.user, id: bytesOf(options.user.id) };
  const rest = { challenge: bytesOf(options.challenge), user, excludeCredentials: named(options.excludeCredentials) };
  return navigator.credentials.create({
    publicKey: { ...options, ...rest } as unknown as PublicKeyCredentialCreationOptions,
  });
}

async function get(options: Options): Promise<Credential | null> {
  const rest = { challenge: bytesOf(options.challenge), allowCredentials: named(options.allowCredentials) };
  return navigator.credentials.get({
    publicKey: { ...options, ...rest } as unknown as PublicKeyCredentialRequestOptions,
  });
}

/** The answer of the device as the server reads it. */
function packed(credential: PublicKeyCredential): string {
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] as const;
  const given = credential.response as unknown as Record<string, ArrayBuffer | null | undefined>;
  const response: Record<string, string> = {};
  for (const field of fields) {
    const value = given[field];
    if (value) response[field] = textOf(value);
  }
  const { id, rawId, type } = credential;
  return JSON.stringify({ id, rawId: textOf(rawId), type, response, clientExtensionResults: {} });
}

/** What went wrong, for people: the dialog's own errors tell next to nothing, on purpose. */
const sentence = (error: unknown): string => {
  if (error instanceof ApiError) return error.message;
  if (error instanceof DOMException && error.name === "InvalidStateError")
    return t("This device has a passkey for your account already.");
  return t("The passkey was not used. You can try again, or go on with your password.");
};

async function answer(form: HTMLFormElement): Promise<void> {
  const options = await post<Options>(form.dataset.options ?? "", {});
  const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
  if (!credential) return;
  $<HTMLInputElement>("[name=credential]", form).value = packed(credential as PublicKeyCredential);
  const own = document.querySelector<HTMLInputElement>("input[type=checkbox][name=own]");
  const told = form.querySelector<HTMLInputElement>("input[type=hidden][name=own]");
  if (told) told.value = own?.checked ? "yes" : "";
  form.submit();
}

for (const form of $$<HTMLFormElement>("[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  const fault = $("[data-fault]", form);
  on(
    form,
    "submit",
    (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      fault.hidden = true;
      answer(form).catch((error: unknown) => {
        fault.textContent = sentence(error);
        fault.hidden = false;
      });
    },
    { capture: true },
  );
}
for (const note of $$("[data-no-passkey]")) note.hidden = Boolean(window.PublicKeyCredential);
