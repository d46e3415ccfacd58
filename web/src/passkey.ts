// Passkeys: a form that asks the authenticator first, and sends what it answered. Without a script there are none.
export {};

const TOLD: Record<string, string> = {
  NotAllowedError: "Nothing came from your device: it was cancelled, took too long, or has no passkey for this console.",
  InvalidStateError: "This device has a passkey of yours for this console already.",
  NotSupportedError: "This device cannot make such a passkey.",
  ConstraintError: "This device cannot verify you: set a PIN or a fingerprint first.",
};
const OTHERWISE = "That did not work. Load the page anew and try again.";

const asked = async (form: HTMLFormElement): Promise<Credential | null> => {
  const answer = await fetch(form.dataset.ask!, { method: "POST", credentials: "same-origin" });
  const options = await answer.json();
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
};

const send = async (form: HTMLFormElement, field: HTMLInputElement) => {
  const credential = await asked(form);
  if (!(credential instanceof PublicKeyCredential)) throw new Error("no credential");
  field.value = JSON.stringify(credential.toJSON());
  form.submit();
};

const able = "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
  const field = form.elements.namedItem("credential") as HTMLInputElement;
  const button = form.querySelector("button")!;
  const problem = form.querySelector<HTMLElement>(".problem")!;
  form.hidden = !able;
  addEventListener("pageshow", () => { field.value = ""; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.hidden = true;
    send(form, field)
      .catch((error: unknown) => {
        problem.textContent = TOLD[error instanceof DOMException ? error.name : ""] ?? OTHERWISE;
        problem.hidden = false;
      })
      .finally(() => { button.disabled = false; });
  });
}
