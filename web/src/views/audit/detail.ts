// What an entry of the audit log says beside its action, without the brackets. Pure; tests are in detail.test.ts.

/** `STAGE=live, VERSION=1.4`; nothing for what says nothing; as it is for what is no object. */
export function detail(text: string | null): string {
  if (text === null) return "";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  return said(value);
}

function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join(" ");
  if (typeof value !== "object" || value === null) return value === null ? "" : String(value);
  const parts = Object.entries(value).map(([key, inner]) => {
    if (typeof inner === "object" && inner !== null) return said(inner);
    return inner === null || inner === "" ? "" : `${key}=${String(inner)}`;
  });
  return parts.filter(Boolean).join(", ");
}
