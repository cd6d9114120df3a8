// Auto, light or dark. `public/theme.js` applies the choice before the first paint; this changes it.
export type Theme = "auto" | "light" | "dark";

const KEY = "runwisp.theme";

function stored(): Theme {
  try {
    const chosen = localStorage.getItem(KEY);
    return chosen === "light" || chosen === "dark" ? chosen : "auto";
  } catch {
    return "auto";
  }
}

class Choice {
  value: Theme = $state(stored());

  choose(theme: Theme): void {
    this.value = theme;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      if (theme === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Storage is switched off: the choice holds until the page is closed.
    }
  }
}

export const theme = new Choice();
