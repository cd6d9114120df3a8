// The settings that a plugin takes, out of its JSON Schema. Pure; tests are in settings.test.ts.

export interface Setting {
  name: string;
  type: string;
  required: boolean;
  description: string;
}

type Schema = { type?: unknown; description?: unknown; enum?: unknown; items?: unknown };

/** One row per property, the required ones first; none for a schema that names none. */
export function settings(schema: unknown): Setting[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, required } = schema as { properties?: unknown; required?: unknown };
  if (typeof properties !== "object" || properties === null) return [];
  const must = Array.isArray(required) ? required : [];
  return Object.entries(properties as Record<string, Schema>)
    .map(([name, property]) => ({
      name,
      type: typed(property),
      required: must.includes(name),
      description: typeof property.description === "string" ? property.description : "",
    }))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

function typed(property: Schema): string {
  if (Array.isArray(property.enum)) return property.enum.map((choice) => JSON.stringify(choice)).join(" or ");
  const type = Array.isArray(property.type) ? property.type.join(" or ") : property.type;
  if (type === "array" && typeof property.items === "object" && property.items !== null) {
    return `list of ${typed(property.items as Schema)}`;
  }
  return typeof type === "string" ? type : "any";
}
