/** What this browser remembers of a person's choices; where storage is forbidden it remembers nothing. */

export const readChoice = (name: string): boolean => {
  try {
    return localStorage.getItem(`today.${name}`) === "yes";
  } catch {
    return false;
  }
};

export const keepChoice = (name: string, chosen: boolean): void => {
  try {
    if (chosen) localStorage.setItem(`today.${name}`, "yes");
    else localStorage.removeItem(`today.${name}`);
  } catch {
    // the choice then lasts as long as the page
  }
};
