function markup(node: HTMLElement, name: string) {
  // ruleid: markup-out-of-text
  node.innerHTML = `<b>${name}</b>`;
  // ruleid: markup-out-of-text
  node.insertAdjacentHTML("beforeend", name);
  // ok: markup-out-of-text
  node.textContent = name;
}

function program(text: string) {
  // ruleid: program-out-of-text
  eval(text);
  // ruleid: program-out-of-text
  new Function(text);
  // ok: program-out-of-text
  setTimeout(() => program(text), 10);
}

function message(other: Window, port: MessagePort) {
  // ruleid: message-to-anybody
  other.postMessage("left", "*");
  // ok: message-to-anybody
  other.postMessage("left", location.origin);
  // ok: message-to-anybody
  port.postMessage(1);
}

async function page(response: Response, visit: string) {
  const answer = await response.json();
  // ruleid: page-out-of-an-answer
  location.assign(answer.next);
  // ok: page-out-of-an-answer
  location.assign(`/j/${encodeURIComponent(visit)}`);
}
