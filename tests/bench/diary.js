/* Runs before the page's own scripts and writes down, in milliseconds of the machine's clock, what a bench wants to know. */
(() => {
  const clock = () => performance.timeOrigin + performance.now();
  const remote = new WeakSet();
  const watched = new WeakSet();
  const written = { pictures: [], states: [], told: [], sockets: [] };
  const links = [];

  const NativePeer = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends NativePeer {
    constructor(...given) {
      super(...given);
      links.push(this);
      this.addEventListener("track", ({ track }) => remote.add(track));
    }
  };

  const NativeSocket = globalThis.WebSocket;
  globalThis.WebSocket = class extends NativeSocket {
    constructor(...given) {
      super(...given);
      const note = (what) => written.sockets.push({ at: clock(), path: new URL(this.url).pathname, what });
      this.addEventListener("close", () => note("close"));
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string" && data.includes('"t":"welcome"')) note("welcome");
      });
    }
  };

  /* A click outlives the page that it leads away from. */
  const clicked = ({ timeStamp }) => sessionStorage.setItem("diary.click", String(performance.timeOrigin + timeStamp));
  addEventListener("click", clicked, true);

  const isRemote = ({ srcObject }) => srcObject instanceof MediaStream && srcObject.getVideoTracks().some((track) => remote.has(track));
  const watch = (video) => {
    if (watched.has(video)) return;
    watched.add(video);
    const painted = (at) => {
      if (isRemote(video)) written.pictures.push(performance.timeOrigin + at);
      video.requestVideoFrameCallback(painted);
    };
    video.requestVideoFrameCallback(painted);
  };

  let state = "";
  const follow = (main) => {
    const next = main.dataset.callState ?? "";
    if (next !== state) {
      state = next;
      written.states.push({ at: clock(), state });
    }
    const told = written.told.length > 0;
    if (state === "recovering" && !told && main.innerText.includes("Reconnecting")) written.told.push(clock());
  };

  let admits = false;
  const look = () => {
    for (const video of document.querySelectorAll("video")) watch(video);
    const main = document.querySelector("main");
    if (main) follow(main);
    if (admits) admit();
  };
  const admit = () => {
    const button = [...document.querySelectorAll("button")].find(({ innerText }) => innerText.startsWith("Admit"));
    if (!button) return;
    admits = false;
    button.click();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  globalThis.diary = {
    read: () => ({
      ...written,
      now: clock(),
      click: Number(sessionStorage.getItem("diary.click")),
      connected: links.some(({ connectionState }) => connectionState === "connected"),
    }),
    forget: () => {
      for (const list of Object.values(written)) list.length = 0;
      sessionStorage.removeItem("diary.click");
    },
    /* Stands in for a professional who presses 'Admit' the moment that it appears. */
    admitAtOnce: () => {
      admits = true;
      look();
    },
  };
})();
