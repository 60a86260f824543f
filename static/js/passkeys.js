// Passkeys: asks the browser for one and sends its answer by the page's own form. Without it the password signs in.
const canAsk = typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function";
const words = (error) => {
  if (error.name === "InvalidStateError") return "This device keeps a passkey of yours already.";
  if (error.name === "NotAllowedError") return "No passkey was chosen. Nothing was changed.";
  if (error.name === "SecurityError") return "Passkeys need the site's name in the address, by HTTPS.";
  return "The browser could not do that. Nothing was changed.";
};
const ask = async (options) => {
  if (options.user) {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
};

for (const form of canAsk ? document.querySelectorAll("[data-passkey]") : []) {
  form.hidden = false;
  const told = form.querySelector("[data-told]");
  const name = form.elements.namedItem("name");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (name && !name.value.trim()) { form.submit(); return; }
    told.hidden = true;
    try {
      const found = await ask(JSON.parse(form.dataset.passkey));
      form.elements.namedItem("credential").value = JSON.stringify(found.toJSON());
      form.submit();
    } catch (error) {
      told.textContent = words(error);
      told.hidden = false;
    }
  });
}
if (canAsk) document.querySelector("[data-no-passkey]")?.remove();
