/** The one-time link for the first admin: `/#setup=SECRET`. The secret leaves the address bar and history at once. */

const PREFIX = "#setup=";

export function takeSetupSecret(page: Window): string | null {
  if (!page.location.hash.startsWith(PREFIX)) return null;
  const secret = decode(page.location.hash.slice(PREFIX.length));
  page.history.replaceState(null, "", page.location.pathname + page.location.search);
  return secret === "" ? null : secret;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text.trim();
  }
}
