/** What the sample shop does: asks the chat, and shows the line to copy with its own address. */

(() => {
  const chat = /** @type {any} */ (window);
  chat.frontdesk ??= [];

  const ready = () => {
    const code = /** @type {HTMLElement} */ (document.getElementById("snippet"));
    const told = /** @type {HTMLElement} */ (document.getElementById("copied"));
    code.textContent = (code.textContent ?? "").replace('src="', `src="${location.origin}`);
    document.getElementById("copy")?.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent ?? "");
        told.textContent = "Copied.";
      } catch {
        getSelection()?.selectAllChildren(code);
        told.textContent = "Selected: copy it with Ctrl+C or ⌘C.";
      }
    });
    document.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-ask]") : null;
      if (!button) return;
      const call = ["send", button.getAttribute("data-ask")];
      chat.frontdesk.push(call);
    });
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
